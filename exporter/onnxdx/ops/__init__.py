"""ONNX functions of our own: what onnxscript's torchlib lacks, or has wrong.

Each module of this package registers with `@onnx_function("aten::name.overload")`; modules are found, not listed. The
functions are written for opset 18 in the style of torchlib (parameters named and typed after the operator's schema) and
are traced, so that plain Python `if`s on dtypes and ranks are fine.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from onnxscript.values import Opset, TracedOnnxFunction

Body = TypeVar("Body", bound=Callable[..., Any])


@dataclass(frozen=True)
class OwnFunction:
    """One ONNX function of ours: for which opset it is written, and whether it takes complex tensors."""

    function: TracedOnnxFunction
    complex: bool
    since: int


FUNCTIONS: dict[str, list[OwnFunction]] = {}
"""Our functions by the operator they stand for."""


def onnx_function(
    *names: str, complex: bool = False, since: int = 18, called: str = ""
) -> Callable[[Callable[..., Any]], TracedOnnxFunction]:
    """Register an ONNX function for these operators ("aten::add.Tensor"; the default overload has no suffix).

    `since` is the lowest opset whose operators it uses; `called` names a function whose body is written once for more
    than one operator.
    """

    def register(body: Callable[..., Any]) -> TracedOnnxFunction:
        body.__name__ = called or body.__name__
        function = TracedOnnxFunction(Opset("onnxdx", 1), body)
        for name in names:
            FUNCTIONS.setdefault(name, []).append(OwnFunction(function, complex, since))
        return function

    return register


def onnx_function_by_axes(name: str) -> Callable[[Body], Body]:
    """Register an ONNX function for the forms of an operator for 1, 2 and 3 spatial axes ("aten::avg_pool{}d").

    Its first parameter is the number of axes; what comes after it are the operators' own.
    """

    def register(body: Body) -> Body:
        for axes in (1, 2, 3):
            form: Any = functools.partial(body, axes)
            own_parameters = inspect.signature(form)
            functools.update_wrapper(form, body)
            form.__signature__ = own_parameters
            operator = name.format(axes)
            onnx_function(operator, called=operator.removeprefix("aten::"))(form)
        return body

    return register
