"""A formula for complex numbers, by operators that have ONNX functions for them."""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx.fixes.operators.bodies import block_of
from onnxdx.fixes.operators.formulas import formula_for
from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.uses import Operator

NAME = "a formula for complex numbers"


def candidates(operator: Operator) -> Iterator[Candidate]:
    """What `formulas` has for the operator, when it is used on complex tensors. Raises Untraceable."""
    body = formula_for(operator.target)
    if body is not None and any(tensor.is_complex() for use in operator.uses for tensor in use.arguments.tensors()):
        yield block_of(operator, body, "A formula for complex numbers, by simpler operators.", parts=True)
