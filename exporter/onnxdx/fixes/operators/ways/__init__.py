"""The ways to an ONNX function, one module each, in the order in which they are tried.

A way has a `NAME` and `candidates(operator)`, which yields what may be the operator and raises Untraceable to say why
it has nothing.
"""

from __future__ import annotations

from onnxdx.fixes.operators.ways import (
    composition,
    decomposition,
    decomposition_in_parts,
    formula,
    onnx_operator,
    other_overload,
    python_body,
)

WAYS = (other_overload, formula, decomposition, python_body, onnx_operator, composition, decomposition_in_parts)
