"""What torch decomposes the operator into, with formulas and compositions for what lacks an ONNX function there."""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.uses import Operator
from onnxdx.fixes.operators.ways.decomposition import decomposed

NAME = "a decomposition of torch whose parts are composed"


def candidates(operator: Operator) -> Iterator[Candidate]:
    """Each decomposition as an ONNX function. Raises Untraceable with what the first lacks, when there is any."""
    yield from decomposed(operator, parts=True)
