# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Counting, pooling and gathering at places that the inputs name."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _edges(low, high, bins):
    """`bins` + 1 numbers from `low` to `high`, counted from the nearer end, as torch's linspace has them."""
    step = op.Div(op.Sub(high, low), float(bins))
    count = op.CastLike(op.Constant(value_floats=[float(k) for k in range(bins + 1)]), step)
    left = op.Constant(value=ir.tensor([k < (bins + 1) // 2 for k in range(bins + 1)]))
    return op.Where(left, op.Add(low, op.Mul(step, count)), op.Sub(high, op.Mul(step, op.Sub(float(bins), count))))


@composition("aten::histogram.bin_ct")
def histogram_bin_ct(self, bins: int = 100, range: Sequence[float] | None = None, weight=None, density: bool = False):
    """Each element held against the edges of all bins."""
    flat = op.Reshape(self, [-1])
    if range is None:
        low, high = op.ReduceMin(flat, keepdims=1), op.ReduceMax(flat, keepdims=1)
    else:
        low, high = (op.CastLike(op.Constant(value_floats=[range[k]]), self) for k in (0, 1))
    same = op.Equal(low, high)
    low, high = op.Where(same, op.Sub(low, 0.5), low), op.Where(same, op.Add(high, 0.5), high)
    edges = _edges(low, high, bins)
    column = op.Unsqueeze(flat, [1])
    below = op.GreaterOrEqual(column, op.Slice(edges, [0], [bins], [0]))
    last = op.Constant(value=ir.tensor([False] * (bins - 1) + [True]))
    upper = op.Slice(edges, [1], [bins + 1], [0])
    above = op.Or(op.Less(column, upper), op.And(last, op.Equal(column, upper)))
    inside = op.CastLike(op.And(below, above), self)
    if weight is not None:
        inside = op.Mul(inside, op.Reshape(weight, [-1, 1]))
    counts = op.ReduceSum(inside, [0], keepdims=0)
    if density:
        width = op.Sub(upper, op.Slice(edges, [0], [bins], [0]))
        counts = op.Div(op.Div(counts, op.ReduceSum(counts, keepdims=1)), width)
    return counts, edges


@composition("aten::bincount")
def bincount(self, weights=None, minlength: int = 0):
    """The weights added up at the places that the numbers name, as many as the largest of them asks for."""
    places = op.Cast(self, to=ir.DataType.INT64)
    count = op.Max(op.Add(op.ReduceMax(places, keepdims=1), 1), op.Constant(value_ints=[minlength]))
    if weights is None:
        ones = op.Expand(op.Constant(value_ints=[1]), op.Shape(places))
        return op.ScatterElements(op.Expand(op.Constant(value_ints=[0]), count), places, ones, reduction="add")
    single = weights.dtype == ir.DataType.FLOAT
    wide = op.Cast(weights, to=ir.DataType.FLOAT if single else ir.DataType.DOUBLE)
    zeros = op.Expand(op.CastLike(op.Constant(value_floats=[0.0]), wide), count)
    return op.ScatterElements(zeros, places, wide, reduction="add")


@composition("aten::nonzero_static")
def nonzero_static(self, size: int, fill_value: int = -1):
    """The places that are not zero, with rows of the fill value behind them, cut off at the size."""
    if len(self.shape) == 0:
        return op.Cast(op.ConstantOfShape([size, 0]), to=ir.DataType.INT64)
    places = op.Transpose(op.NonZero(self), perm=[1, 0])
    filler = op.Expand(op.Constant(value_int=fill_value), op.Constant(value_ints=[size, len(self.shape)]))
    return op.Slice(op.Concat(places, filler, axis=0), [0], [size], [0])


@composition("aten::segment_reduce")
def segment_reduce(
    data,
    reduce: str,
    lengths=None,
    indices=None,
    offsets=None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
):
    """Every row held against the bounds of every segment."""
    if axis != 0 or indices is not None or len((lengths if lengths is not None else offsets).shape) != 1:
        raise NotImplementedError("this is for segments of the first dimension, by lengths or offsets")
    rank = len(data.shape)
    if lengths is not None:
        ends = op.CumSum(lengths, op.Constant(value_int=0))
        starts = op.Sub(ends, lengths)
    else:
        starts, ends = op.Slice(offsets, [0], [-1], [0]), op.Slice(offsets, [1], [2**63 - 1], [0])
    rows = op.CastLike(op.Range(0, op.Squeeze(op.Shape(data, start=0, end=1), [0]), 1), starts)
    inside = op.And(op.GreaterOrEqual(rows, op.Unsqueeze(starts, [1])), op.Less(rows, op.Unsqueeze(ends, [1])))
    inside = op.Unsqueeze(inside, list(range(2, rank + 1))) if rank > 1 else inside
    neutral = {"max": float("-inf"), "min": float("inf"), "prod": 1.0}.get(reduce, 0.0)
    spread = op.Where(inside, op.Unsqueeze(data, [0]), op.CastLike(neutral, data))
    if reduce == "max":
        result = op.ReduceMax(spread, [1], keepdims=0)
    elif reduce == "min":
        result = op.ReduceMin(spread, [1], keepdims=0)
    elif reduce == "prod":
        result = op.ReduceProd(spread, [1], keepdims=0)
    else:
        result = op.ReduceSum(spread, [1], keepdims=0)
    count = op.Sub(ends, starts)
    count = op.CastLike(op.Unsqueeze(count, list(range(1, rank))) if rank > 1 else count, data)
    empty = op.Equal(count, 0.0)
    if initial is not None:
        start = op.CastLike(initial, data)
        if reduce == "max":
            result = op.Max(result, start)
        elif reduce == "min":
            result = op.Min(result, start)
        elif reduce == "prod":
            result = op.Mul(result, start)
        else:
            result = op.Add(result, start)
    if reduce == "mean":
        result = op.Where(empty, op.CastLike(float("nan") if initial is None else initial, data), op.Div(result, count))
    return result


def _begins(samples, size, kernel, wanted):
    """Where the windows of a fractional pooling begin along one dimension: [batch, channel, window]."""
    alpha = (size - kernel) / (wanted - 1) if wanted > 1 else 0.0
    steps = op.Constant(value=ir.tensor([float(k) for k in range(wanted)]))
    column = op.Unsqueeze(samples, [-1])
    moved = op.Floor(op.Mul(op.Add(steps, column), alpha))
    begins = op.Sub(moved, op.Floor(op.Mul(column, alpha)))
    last = op.Constant(value=ir.tensor([k == wanted - 1 for k in range(wanted)]))
    return op.Cast(op.Where(last, float(size - kernel), begins), to=ir.DataType.INT64)


def _fractional(x, kernel, wanted, samples, dims):
    """The largest elements of windows that begin at given places, and where they are in the flattened image."""
    sizes = x.shape[-dims:]
    if not all(isinstance(size, int) for size in sizes):
        raise NotImplementedError("this is for images of a known size")
    batched = len(x.shape) == dims + 2
    x = x if batched else op.Unsqueeze(x, [0])
    place = None
    for k in range(dims):  # the samples name the last dimension first
        sample = op.Squeeze(op.Slice(samples, [dims - 1 - k], [dims - k], [2]), [2])
        begins = op.Unsqueeze(_begins(sample, sizes[k], kernel[k], wanted[k]), [-1])
        inside = op.Add(begins, op.Constant(value_ints=list(range(kernel[k]))))
        before, after = list(range(k)), list(range(k + 1, dims))
        # [batch, channel, window, offset] with ones for the windows and offsets of the other dimensions
        axes = [2 + each for each in before] + [2 + each for each in after]
        axes += [2 + dims + each for each in before] + [2 + dims + each for each in after]
        inside = op.Unsqueeze(inside, axes)
        place = inside if place is None else op.Add(op.Mul(place, sizes[k]), inside)
    count, window = 1, 1
    for k in range(dims):
        count, window = count * wanted[k], window * kernel[k]
    place = op.Reshape(place, [0, 0, count * window])
    flat = op.Reshape(x, [0, 0, -1])
    values = op.Reshape(op.GatherElements(flat, place, axis=2), [0, 0, count, window])
    best = op.ArgMax(values, axis=3, keepdims=1)
    found = op.GatherElements(op.Reshape(place, [0, 0, count, window]), best, axis=3)
    shape = [0, 0, *wanted]
    largest = op.Reshape(op.ReduceMax(values, [3], keepdims=0), shape)
    where = op.Reshape(found, shape)
    return (largest, where) if batched else (op.Squeeze(largest, [0]), op.Squeeze(where, [0]))


@composition("aten::fractional_max_pool2d")
def fractional_max_pool2d(self, kernel_size: Sequence[int], output_size: Sequence[int], random_samples):
    """The windows that the random numbers name, each gathered, and the largest element of each."""
    return _fractional(self, kernel_size, output_size, random_samples, 2)


@composition("aten::fractional_max_pool3d")
def fractional_max_pool3d(self, kernel_size: Sequence[int], output_size: Sequence[int], random_samples):
    """The windows that the random numbers name, each gathered, and the largest element of each."""
    return _fractional(self, kernel_size, output_size, random_samples, 3)
