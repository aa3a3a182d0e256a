# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Sorting, ranking and searching."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TReal
from onnxscript.onnx_types import BOOL as Bool
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.values import (
    BOOL,
    FLOATS,
    INT64,
    Size,
    Value,
    axis_of,
    cast,
    constant,
    is_float,
    number,
    rank,
    shape,
    size,
)
from onnxdx.tracing.symbolic import op

_RANKED = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT32, INT64}) | FLOATS


def _top(self: Value, k: Size, axis: int, largest: bool) -> tuple[Value, Value]:
    """ONNX TopK; equal elements keep their order."""
    ranked = cast(self, self.dtype if self.dtype in _RANKED else INT64)
    values, places = op.TopK(ranked, shape([k]), axis=axis, largest=int(largest), sorted=1)
    return cast(values, self.dtype), places


@onnx_function("aten::sort")
def sort(self: TReal, dim: int = -1, descending: bool = False) -> tuple[TReal, Int64]:
    """sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)"""
    if rank(self) == 0:
        return op.Identity(self), constant(0, INT64)
    axis = axis_of(self, dim)
    return _top(self, size(self, axis), axis, descending)


@onnx_function("aten::sort.stable")
def sort_stable(
    self: TReal, stable: bool | None = None, dim: int = -1, descending: bool = False
) -> tuple[TReal, Int64]:
    """sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)"""
    return sort.func(self, dim, descending)


@onnx_function("aten::argsort")
def argsort(self: TReal, dim: int = -1, descending: bool = False) -> Int64:
    """argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor"""
    return sort.func(self, dim, descending)[1]


@onnx_function("aten::argsort.stable")
def argsort_stable(self: TReal, stable: bool, dim: int = -1, descending: bool = False) -> Int64:
    """argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor"""
    return sort.func(self, dim, descending)[1]


@onnx_function("aten::msort")
def msort(self: TReal) -> TReal:
    """msort(Tensor self) -> Tensor"""
    return sort.func(self, 0)[0]


@onnx_function("aten::topk")
def topk(self: TReal, k: Int64, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[TReal, Int64]:
    """topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices); always sorted"""
    if rank(self) == 0:
        return op.Identity(self), constant(0, INT64)
    return _top(self, k, axis_of(self, dim), largest)


def _picked(values: Value, axis: int, keepdim: bool) -> Value:
    """The last element along an axis."""
    last = op.Gather(values, number(-1, INT64), axis=axis)
    return op.Unsqueeze(last, [axis]) if keepdim else last


def _smallest(self: Value, k: Size, axis: int, keepdim: bool) -> tuple[Value, Value]:
    values, places = _top(self, k, axis, False)
    return _picked(values, axis, keepdim), _picked(places, axis, keepdim)


@onnx_function("aten::kthvalue")
def kthvalue(self: TReal, k: Int64, dim: int = -1, keepdim: bool = False) -> tuple[TReal, Int64]:
    """kthvalue(Tensor self, SymInt k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)"""
    if rank(self) == 0:
        return op.Identity(self), constant(0, INT64)
    return _smallest(self, k, axis_of(self, dim), keepdim)


def _half(length: Size) -> Size:
    """How many elements are at or below the lower median."""
    return (length + 1) // 2 if isinstance(length, int) else op.Div(op.Add(length, 1), 2)


def _median(self: Value, axis: int, keepdim: bool, length: Size) -> tuple[Value, Value]:
    """The lower median; NaN, with its place, where there is one."""
    value, place = _smallest(self, _half(length), axis, keepdim)
    if not is_float(self):
        return value, place
    nan = op.Cast(op.IsNaN(self), to=ir.DataType.INT32)
    first = op.ArgMax(nan, axis=axis, keepdims=int(keepdim))
    spoiled = op.Cast(op.ReduceMax(nan, [axis], keepdims=int(keepdim)), to=BOOL)
    return op.Where(spoiled, number(float("nan"), self.dtype), value), op.Where(spoiled, first, place)


@onnx_function("aten::median")
def median(self: TReal) -> TReal:
    """median(Tensor self) -> Tensor"""
    if rank(self) == 0:
        return op.Identity(self)
    flat = op.Reshape(self, [-1]) if rank(self) > 1 else self
    total: Any = op.Reshape(op.Size(self), [1])
    if all(isinstance(each, int) for each in self.shape):
        total = 1
        for each in self.shape:
            total *= each
    return _median(flat, 0, False, total)[0]


@onnx_function("aten::median.dim")
def median_dim(self: TReal, dim: int, keepdim: bool = False) -> tuple[TReal, Int64]:
    """median.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)"""
    if rank(self) == 0:
        return op.Identity(self), constant(0, INT64)
    axis = axis_of(self, dim)
    return _median(self, axis, keepdim, size(self, axis))


def _found(boundaries: Value, self: Value, out_int32: bool, right: bool) -> Value:
    """How many boundaries lie before each element; the dimensions before the last are shared."""
    element = op.Unsqueeze(self, [-1]) if isinstance(self, ir.Value) else self
    before = op.LessOrEqual(boundaries, element) if right else op.Less(boundaries, element)
    if is_float(element):
        before = op.Or(before, op.IsNaN(element))
    wanted = ir.DataType.INT32 if out_int32 else INT64
    return op.ReduceSum(op.Cast(before, to=wanted), [-1], keepdims=0)


def _as_boundaries(sorted_sequence: Value, self: Value, sorter: Value | None) -> Value:
    ordered = sorted_sequence if sorter is None else op.GatherElements(sorted_sequence, sorter, axis=-1)
    return op.Unsqueeze(ordered, [-2]) if rank(sorted_sequence) > 1 else ordered


@onnx_function("aten::searchsorted.Tensor")
def searchsorted(
    sorted_sequence: TReal,
    self: TReal,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Int64 | None = None,
) -> Int64:
    """searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor; NaN comes last"""
    boundaries, elements = _alike(_as_boundaries(sorted_sequence, self, sorter), self)
    return _found(boundaries, elements, out_int32, right or side == "right")


@onnx_function("aten::searchsorted.Scalar")
def searchsorted_scalar(
    sorted_sequence: TReal,
    self: float,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Int64 | None = None,
) -> Int64:
    """searchsorted.Scalar(Tensor sorted_sequence, Scalar self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor"""
    ordered = sorted_sequence if sorter is None else op.GatherElements(sorted_sequence, sorter, axis=-1)
    ordered, element = _alike(ordered, _number_like(ordered, self))
    return _found(ordered, element, out_int32, right or side == "right")


@onnx_function("aten::bucketize.Tensor")
def bucketize(self: TReal, boundaries: TReal, out_int32: bool = False, right: bool = False) -> Int64:
    """bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor"""
    limits, elements = _alike(boundaries, self)
    return _found(limits, elements, out_int32, right)


def _number_like(like: Value, value: float) -> Value:
    return number(value, like.dtype if is_float(like) or float(value).is_integer() else ir.DataType.FLOAT)


def _alike(boundaries: Value, elements: Value) -> tuple[Value, Value]:
    """Both in the dtype that holds them both."""
    if boundaries.dtype is elements.dtype:
        return boundaries, elements
    common = next((each.dtype for each in (boundaries, elements) if is_float(each)), INT64)
    return cast(boundaries, common), cast(elements, common)


def _contained(elements: Value, test: Value, invert: bool) -> Value:
    """Whether each element equals one of the tested ones."""
    elements, test = _alike(elements, test)
    if elements.dtype is BOOL:
        elements, test = cast(elements, ir.DataType.INT32), cast(test, ir.DataType.INT32)
    equal = op.Equal(op.Unsqueeze(elements, [-1]), op.Reshape(test, [-1]))
    hits = op.ReduceSum(op.Cast(equal, to=ir.DataType.INT32), [-1], keepdims=0)
    found = op.Cast(hits, to=BOOL)
    return op.Not(found) if invert else found


@onnx_function("aten::isin.Tensor_Tensor")
def isin(elements: TReal, test_elements: TReal, assume_unique: bool = False, invert: bool = False) -> Bool:
    """isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor"""
    return _contained(elements, test_elements, invert)


@onnx_function("aten::isin.Tensor_Scalar")
def isin_scalar(elements: TReal, test_element: float, assume_unique: bool = False, invert: bool = False) -> Bool:
    """isin.Tensor_Scalar(Tensor elements, Scalar test_element, *, bool assume_unique=False, bool invert=False) -> Tensor"""
    same = op.Equal(*_alike(elements, _number_like(elements, test_element)))
    return op.Not(same) if invert else same


@onnx_function("aten::isin.Scalar_Tensor")
def isin_of_scalar(element: float, test_elements: TReal, assume_unique: bool = False, invert: bool = False) -> Bool:
    """isin.Scalar_Tensor(Scalar element, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor"""
    return _contained(_number_like(test_elements, element), test_elements, invert)


_DISTINGUISHED = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, INT64, ir.DataType.INT8})


@onnx_function("aten::_unique2")
def unique(
    self: TReal, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> tuple[TReal, Int64, Int64]:
    """_unique2(Tensor self, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)"""
    x = self
    if self.dtype not in _DISTINGUISHED and not is_float(self):
        x = cast(self, INT64)
        x.shape = self.shape
    values, inverse, counts = core.aten__unique2(x, sorted, return_inverse, return_counts)
    return cast(values, self.dtype), inverse, counts
