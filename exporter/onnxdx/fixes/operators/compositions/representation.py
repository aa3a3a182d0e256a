# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""What floating-point numbers are made of: mantissa, exponent, and their neighbours."""

from __future__ import annotations

import math

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _exponent(size):
    """The largest whole e with 2^e <= size, for positive numbers of single precision given in double."""
    return op.Floor(op.Add(op.Mul(op.Log(size), 1 / math.log(2)), 1e-10))


def _single(x):
    if x.dtype not in (ir.DataType.FLOAT, ir.DataType.FLOAT16):
        raise NotImplementedError("this is for single precision")


@composition("aten::frexp.Tensor")
def frexp_Tensor(self):
    """The exponent from a logarithm in double precision, the mantissa by a division by that power of two."""
    _single(self)
    wide = op.Cast(self, to=ir.DataType.DOUBLE)
    plain = op.Or(op.Equal(wide, 0.0), op.Or(op.IsInf(self), op.IsNaN(self)))
    size = op.Where(plain, op.CastLike(0.5, wide), op.Abs(wide))
    exponent = op.Add(_exponent(size), 1.0)
    mantissa = op.Where(plain, wide, op.Div(wide, op.Pow(op.CastLike(2.0, wide), exponent)))
    return op.CastLike(mantissa, self), op.Cast(exponent, to=ir.DataType.INT32)


@composition("aten::nextafter")
def nextafter(self, other):
    """The distance to the next number, which is a power of two, added in double precision."""
    if self.dtype != ir.DataType.FLOAT:
        raise NotImplementedError("this is for single precision")
    x, goal = op.Cast(self, to=ir.DataType.DOUBLE), op.Cast(other, to=ir.DataType.DOUBLE)
    size = op.Max(op.Abs(x), 2.0**-149)
    exponent = _exponent(size)
    power = op.Pow(op.CastLike(2.0, x), exponent)
    inwards = op.And(op.Equal(op.Abs(x), power), op.Less(op.Mul(op.Sign(x), goal), op.Abs(x)))
    places = op.Sub(exponent, op.Where(inwards, op.CastLike(24.0, x), op.CastLike(23.0, x)))
    step = op.Pow(op.CastLike(2.0, x), op.Max(places, -149.0))
    moved = op.Add(x, op.Mul(step, op.Sign(op.Sub(goal, x))))
    result = op.Where(op.Equal(x, goal), goal, moved)
    largest = op.Where(op.IsInf(self), op.Mul(op.Sign(x), 3.4028234663852886e38), result)
    result = op.Where(op.And(op.IsInf(self), op.Not(op.Equal(x, goal))), largest, result)
    unknown = op.Or(op.IsNaN(self), op.IsNaN(other))
    return op.CastLike(op.Where(unknown, float("nan"), result), self)
