# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Statistics of order: the most frequent value, medians that pass over NaN."""

from __future__ import annotations

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


@composition("aten::mode")
def mode(self, dim: int = -1, keepdim: bool = False):
    """Counts for each element how many are equal to it; of the most frequent values the smallest, at its last place."""
    if len(self.shape) == 0:
        return op.Identity(self), op.Constant(value_int=0)
    axis = dim % len(self.shape)
    rows = op.Unsqueeze(self, [axis + 1])
    columns = op.Unsqueeze(self, [axis])
    equal = op.Cast(op.Equal(rows, columns), to=ir.DataType.INT64)
    counts = op.ReduceSum(equal, [axis + 1], keepdims=0)
    frequent = op.Equal(counts, op.ReduceMax(counts, [axis], keepdims=1))
    ascending = op.Shape(self, start=axis, end=axis + 1)
    values, places = op.TopK(self, ascending, axis=axis, largest=0)
    first = op.ArgMax(op.Cast(op.GatherElements(frequent, places, axis=axis), to=ir.DataType.INT32), axis=axis)
    value = op.GatherElements(values, first, axis=axis)
    place = op.ArgMax(op.Cast(op.Equal(self, value), to=ir.DataType.INT32), axis=axis, select_last_index=1)
    if keepdim:
        return value, place
    return op.Squeeze(value, [axis]), op.Squeeze(place, [axis])


def _nanmedian(x, axis):
    """The lower median of what is not NaN along an axis, which stays with size 1, and its place."""
    missing = op.IsNaN(x)
    filled = op.Where(missing, float("inf"), x)
    values, places = op.TopK(filled, op.Shape(x, start=axis, end=axis + 1), axis=axis, largest=0)
    known = op.ReduceSum(op.Cast(op.Not(missing), to=ir.DataType.INT64), [axis], keepdims=1)
    middle = op.Max(op.Div(op.Sub(known, 1), 2), 0)
    value = op.GatherElements(values, middle, axis=axis)
    return op.Where(op.Equal(known, 0), float("nan"), value), op.GatherElements(places, middle, axis=axis)


@composition("aten::nanmedian.dim")
def nanmedian_dim(self, dim: int, keepdim: bool = False):
    """Sorts with NaN put last, and takes the middle of what comes before."""
    if len(self.shape) == 0:
        return op.Identity(self), op.Constant(value_int=0)
    axis = dim % len(self.shape)
    value, place = _nanmedian(self, axis)
    if keepdim:
        return value, place
    return op.Squeeze(value, [axis]), op.Squeeze(place, [axis])


@composition("aten::nanmedian")
def nanmedian(self):
    """Sorts all elements with NaN put last, and takes the middle of what comes before."""
    value, _ = _nanmedian(op.Reshape(self, [-1]), 0)
    return op.Squeeze(value, [0])
