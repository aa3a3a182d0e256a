# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Writing at places that the model computes: scatter, put, index_reduce and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TReal, TTensor
from onnxscript.onnx_types import BOOL as Bool
from onnxscript.onnx_types import INT64 as Int64
from onnxscript.onnx_types import TensorType

from onnxdx.ops import onnx_function
from onnxdx.ops.arithmetic import where
from onnxdx.ops.values import (
    BOOL,
    INT64,
    Value,
    axis_of,
    cast,
    constant,
    highest,
    is_float,
    is_static,
    lowest,
    number,
    rank,
    scalar,
    shape,
    size,
    sizes,
)
from onnxdx.tracing.symbolic import op

_WRITTEN_BY_ADDING = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT32, INT64, ir.DataType.FLOAT16})


@onnx_function("aten::select_scatter")
def select_scatter(self: TTensor, src: TTensor, dim: int, index: Int64) -> TTensor:
    """select_scatter(Tensor self, Tensor src, int dim, SymInt index) -> Tensor"""
    axis = axis_of(self, dim)
    place = op.Reshape(scalar(index), constant([1] * rank(self), INT64))
    written = op.Unsqueeze(src, constant([axis], INT64))
    return op.ScatterElements(self, op.Expand(place, op.Shape(written)), written, axis=axis)


def _fitted(src: Value, index: Value) -> Value:
    """The part of `src` that the index reaches: torch ignores what is beyond."""
    theirs, ours = sizes(src), sizes(index)
    if is_static(theirs) and theirs == ours:
        return src
    axes = [axis for axis, (a, b) in enumerate(zip(theirs, ours, strict=True)) if a is not b and a != b]
    return op.Slice(src, [0] * len(axes), shape([ours[axis] for axis in axes]), axes)


def _scattered(self: Value, dim: int, index: Value, src: Value, reduction: str) -> Value:
    """ONNX ScatterElements, over scalars too, in a dtype that ONNX Runtime reduces."""
    scalars = rank(self) == 0
    given, index = self.dtype, cast(index, INT64)
    x, values = self, src
    if reduction != "none" and given not in _WRITTEN_BY_ADDING:
        wide = ir.DataType.INT32 if given is BOOL else INT64 if not is_float(self) else ir.DataType.FLOAT
        x, values = cast(x, wide), cast(values, wide)
    if scalars:
        x, index, values = (op.Reshape(tensor, [-1]) for tensor in (x, index, values))
    result = op.ScatterElements(x, index, values, axis=axis_of(self, dim), reduction=reduction)
    if scalars:
        result = op.Reshape(result, constant([], INT64))
    return _shaped(cast(result, given), self)


_REDUCTIONS = {"sum": "add", "add": "add", "prod": "mul", "multiply": "mul", "amax": "max", "amin": "min"}


@onnx_function("aten::scatter.src")
def scatter(self: TTensor, dim: int, index: Int64, src: TTensor) -> TTensor:
    """scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor"""
    return _scattered(self, dim, index, _part(self, index, src), "none")


@onnx_function("aten::scatter.value")
def scatter_value(self: TTensor, dim: int, index: Int64, value: TTensor) -> TTensor:
    """scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor"""
    return _scattered(self, dim, index, _filled(self, index, value), "none")


@onnx_function("aten::scatter.reduce")
def scatter_by(self: TReal, dim: int, index: Int64, src: TReal, reduce: str) -> TReal:
    """scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor"""
    return _scattered(self, dim, index, _part(self, index, src), _REDUCTIONS[reduce])


@onnx_function("aten::scatter.value_reduce")
def scatter_value_by(self: TReal, dim: int, index: Int64, value: TReal, reduce: str) -> TReal:
    """scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor"""
    return _scattered(self, dim, index, _filled(self, index, value), _REDUCTIONS[reduce])


@onnx_function("aten::scatter_add")
def scatter_add(self: TReal, dim: int, index: Int64, src: TReal) -> TReal:
    """scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor"""
    return _scattered(self, dim, index, _part(self, index, src), "add")


def _part(self: Value, index: Value, src: Value) -> Value:
    return _fitted(src, index) if rank(self) else src


def _filled(self: Value, index: Value, value: Any) -> Value:
    return op.Expand(cast(value, self.dtype), op.Shape(index))


@onnx_function("aten::scatter_reduce.two")
def scatter_reduce(self: TReal, dim: int, index: Int64, src: TReal, reduce: str, include_self: bool = True) -> TReal:
    """scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True) -> Tensor"""
    return _reduced(self, dim, index, _part(self, index, src), reduce, include_self)


def _reduced(self: Value, dim: int, index: Value, src: Value, reduce: str, include_self: bool) -> Value:
    base = self
    if not include_self:
        neutral = {"sum": 0, "mean": 0, "prod": 1, "amax": lowest(self.dtype), "amin": highest(self.dtype)}[reduce]
        base = _scattered(self, dim, index, _filled(self, index, number(neutral, self.dtype)), "none")
    if reduce != "mean":
        return _scattered(base, dim, index, src, _REDUCTIONS[reduce])
    ones = _shaped(op.Expand(number(1, self.dtype), op.Shape(self)), self)
    if not include_self:
        ones = _scattered(ones, dim, index, _filled(self, index, number(0, self.dtype)), "none")
    counts = _scattered(ones, dim, index, _filled(self, index, number(1, self.dtype)), "add")
    counts = op.Max(counts, number(1, self.dtype))
    total = _scattered(_shaped(base, self), dim, index, src, "add")
    return op.Div(total, counts) if is_float(self) else _floor_divided(total, counts)


def _shaped(value: Value, like: Value) -> Value:
    value.shape = like.shape
    return value


def _floor_divided(total: Value, counts: Value) -> Value:
    """Integer division that rounds down; ONNX rounds towards zero."""
    quotient = op.Div(total, counts)
    uneven = op.And(op.Less(total, number(0, total.dtype)), op.Not(op.Equal(op.Mul(quotient, counts), total)))
    return op.Sub(quotient, cast(uneven, total.dtype))


@onnx_function("aten::index_reduce")
def index_reduce(self: TReal, dim: int, index: Int64, source: TReal, reduce: str, include_self: bool = True) -> TReal:
    """index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True) -> Tensor"""
    if rank(self) == 0:
        raise NotImplementedError("index_reduce of a scalar")
    axis = axis_of(self, dim)
    spread = op.Reshape(cast(index, INT64), [-1 if each == axis else 1 for each in range(rank(self))])
    expanded = _shaped(op.Expand(spread, op.Shape(source)), source)
    return _reduced(self, dim, expanded, source, reduce, include_self)


@onnx_function("aten::put")
def put(self: TReal, index: Int64, source: TReal, accumulate: bool = False) -> TReal:
    """put(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor"""
    flat = op.Reshape(self, [-1])
    places, values = op.Reshape(cast(index, INT64), [-1]), op.Reshape(source, [-1])
    written = op.ScatterElements(flat, places, values, axis=0, reduction="add" if accumulate else "none")
    return op.Reshape(written, op.Shape(self))


@onnx_function("aten::as_strided_scatter")
def as_strided_scatter(
    self: TTensor, src: TTensor, size: Sequence[int], stride: Sequence[int], storage_offset: int = 0
) -> TTensor:
    """as_strided_scatter(Tensor self, Tensor src, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor"""
    places = np.full(tuple(size), storage_offset or 0, dtype=np.int64)
    for axis, (length, step) in enumerate(zip(size, stride, strict=True)):
        places += np.arange(length).reshape([-1 if each == axis else 1 for each in range(len(size))]) * step
    flat = op.Reshape(self, [-1])
    written = op.ScatterElements(flat, constant(places.reshape(-1), INT64), op.Reshape(src, [-1]), axis=0)
    return op.Reshape(written, op.Shape(self))


@onnx_function("aten::diagonal_scatter")
def diagonal_scatter(self: TTensor, src: TTensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> TTensor:
    """diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1) -> Tensor"""
    dims, first, second = rank(self), axis_of(self, dim1), axis_of(self, dim2)
    order = [*(axis for axis in range(dims) if axis not in (first, second)), first, second]
    x = op.Transpose(self, perm=order)
    rows, columns = size(self, first), size(self, second)
    row, column = op.Range(0, scalar(rows), 1), op.Range(0, scalar(columns), 1)
    on_diagonal = op.Equal(op.Sub(column, op.Unsqueeze(row, [1])), number(offset, INT64))
    along, across = (rows, -1) if offset >= 0 else (columns, -2)
    missing = op.Sub(shape([along]), shape([size(src, rank(src) - 1)]))
    pads = shape([*[0] * (2 * rank(src) - 1), missing])
    widened = cast(op.Pad(cast(src, self.dtype if self.dtype is not BOOL else ir.DataType.INT32), pads), self.dtype)
    placed = where.func(on_diagonal, op.Unsqueeze(widened, [across]), x)
    return op.Transpose(placed, perm=[order.index(axis) for axis in range(dims)])


@onnx_function("aten::masked_select")
def masked_select(self: TTensor, mask: Bool) -> TTensor:
    """masked_select(Tensor self, Tensor mask) -> Tensor"""
    ours, theirs = sizes(self), sizes(mask)
    x = self
    if not (is_static([*ours, *theirs]) and ours == theirs):
        x = op.Expand(self, op.Shape(mask))
        mask = op.Expand(mask, op.Shape(x))
    return op.Compress(op.Reshape(x, [-1]), op.Reshape(mask, [-1]))


@onnx_function("aten::index.Tensor", "aten::_unsafe_index.Tensor")
def index(self: TensorType, indices: Sequence[Int64 | None]) -> TensorType:
    """index.Tensor(Tensor self, Tensor?[] indices) -> Tensor"""
    places = [None if place is None or place.dtype is BOOL else place for place in indices]
    given = [axis for axis, place in enumerate(places) if place is not None]
    masks = [place for place in indices if place is not None and place.dtype is BOOL]
    if len(given) == 1 and not masks:
        (axis,) = given
        return op.Gather(self, indices[axis], axis=axis)
    if given and not masks and _same_shape([indices[axis] for axis in given]):
        return _gathered(self, _all_int64(indices), given)
    return core.aten_index(self, _all_int64(indices))


def _same_shape(places: Sequence[Value]) -> bool:
    first = sizes(places[0])
    return is_static(first) and all(list(place.shape) == first for place in places)


def _gathered(self: Value, places: Sequence[Value], given: Sequence[int]) -> Value:
    """Several indices of one shape: their axes in front, GatherND, and the result where torch puts it."""
    front = [*given, *(axis for axis in range(rank(self)) if axis not in given)]
    x = self if front == list(range(rank(self))) else op.Transpose(self, perm=front)
    found = op.GatherND(x, op.Concat(*(op.Unsqueeze(places[axis], [-1]) for axis in given), axis=-1))
    before, width = given[0], rank(places[given[0]])
    if given[-1] - given[0] + 1 != len(given) or before == 0:
        return found
    behind = rank(self) - len(given) - before
    order = [*range(width, width + before), *range(width), *range(width + before, width + before + behind)]
    return op.Transpose(found, perm=order)


def _all_int64(indices: Sequence[Any]) -> list[Any]:
    return [place if place is None or place.dtype is BOOL else _kept(place) for place in indices]


def _kept(place: Value) -> Value:
    if place.dtype is INT64:
        return place
    wide = cast(place, INT64)
    wide.shape = place.shape
    return wide


@onnx_function("aten::index_put", "aten::_unsafe_index_put")
def index_put(
    self: TensorType, indices: Sequence[Int64 | None], values: TensorType, accumulate: bool = False
) -> TensorType:
    """index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor"""
    (only,) = indices if len(indices) == 1 else (None,)
    if only is not None and only.dtype is BOOL and rank(values) == 0 and not accumulate:
        behind = rank(self) - rank(only)
        mask = op.Unsqueeze(only, list(range(rank(only), rank(self)))) if behind else only
        return op.Where(mask, values, self)
    return core.aten_index_put(self, _all_int64(indices), values, accumulate)
