"""The operator's own Python body: what `torch.library` was given, traced to ATen operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from onnxdx.fixes.operators.bodies import block_of, script_of
from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.python_bodies import body_of
from onnxdx.fixes.operators.uses import Operator

NAME = "the operator's own Python body"


def candidates(operator: Operator) -> Iterator[Candidate]:
    """The body as an ONNX function. Raises Untraceable with what keeps it from being one."""
    kernel = _kernel(operator)
    if kernel is not None:
        yield block_of(operator, kernel, "The operator's own Python body in ONNX operators.", parts=True)


def scripts(operator: Operator, domain: str, name: str) -> Iterator[Candidate]:
    """The body as an ONNX function of this domain and name, which stays one in the model. Raises as `candidates`."""
    kernel = _kernel(operator)
    if kernel is not None:
        yield script_of(operator, kernel, domain, name, "The operator's own Python body in ONNX operators.")


def _kernel(operator: Operator) -> Callable[..., Any] | None:
    arguments = operator.uses[0].arguments.copied()
    found: Callable[..., Any] | None = arguments.call(lambda *args, **kwargs: body_of(operator.target, args, kwargs))
    return found
