# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""What is computed of whole numbers alone."""

from __future__ import annotations

import onnx_ir as ir
from onnxscript import script

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


@script(default_opset=op)
def _euclid(one, other):
    """The greatest common divisor: each pair becomes the second and the rest of the division, until no rest is left."""
    goes_on = op.Cast(op.ReduceMax(op.Cast(other != 0, to=7), keepdims=0), to=9)
    while goes_on:
        is_over = other == 0
        rest = op.Mod(one, op.Where(is_over, op.CastLike(1, other), other))
        one = op.Where(is_over, one, other)
        other = op.Where(is_over, other, rest)
        goes_on = op.Cast(op.ReduceMax(op.Cast(other != 0, to=7), keepdims=0), to=9)
    return one


@composition("aten::gcd")
def gcd(self, other):
    """Euclid's algorithm for all pairs at once, in a loop."""
    one, two = op.Abs(op.Cast(self, to=ir.DataType.INT64)), op.Abs(op.Cast(other, to=ir.DataType.INT64))
    shape = op.Shape(op.Add(one, two))
    return op.CastLike(_euclid(op.Expand(one, shape), op.Expand(two, shape)), self)


@composition("aten::_int_mm")
def _int_mm(self, mat2):
    """The product of bytes that ONNX has, which adds up in 32 bits."""
    return op.MatMulInteger(self, mat2)
