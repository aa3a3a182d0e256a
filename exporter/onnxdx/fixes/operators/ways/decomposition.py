"""What torch itself computes the operator by: a decomposition, a reference in Python, a composite body."""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx.compat.kernels import reference_bodies
from onnxdx.fixes.operators.bodies import block_of
from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.small_program import Untraceable
from onnxdx.fixes.operators.uses import Operator

NAME = "a decomposition of torch"


def candidates(operator: Operator) -> Iterator[Candidate]:
    """Each of them as an ONNX function. Raises Untraceable with what the first lacks, when there is any."""
    yield from decomposed(operator, parts=False)


def decomposed(operator: Operator, parts: bool) -> Iterator[Candidate]:
    """The same, where `parts` are taken apart further than torch does."""
    failed: Untraceable | None = None
    for body in reference_bodies(operator.target):
        try:
            yield block_of(operator, body, "What torch itself decomposes the operator into.", parts)
        except Untraceable as error:
            failed = failed or error
    if failed is not None:
        raise failed
