# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Reductions: in the dtype that torch reduces in, over scalars and empty tensors too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal, TTensor
from onnxscript.onnx_types import BOOL as Bool
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.values import (
    BOOL,
    FLOAT,
    FLOATS,
    INT64,
    Value,
    axis_of,
    cast,
    constant,
    given_dtype,
    is_float,
    is_narrow_float,
    number,
    product,
    rank,
    size,
)
from onnxdx.tracing.symbolic import op

_SUMMED = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT32, ir.DataType.INT64})
_COMPARED = _SUMMED | {ir.DataType.FLOAT16, ir.DataType.INT8, ir.DataType.UINT8}

Dims = Any


def axes_of(x: Value, dim: Dims) -> list[int]:
    """The reduced dimensions from the front, in order; none given means all."""
    if isinstance(dim, int):
        dim = [dim]
    if dim is None or len(dim) == 0:
        return list(range(rank(x)))
    return sorted(axis_of(x, each) for each in dim)


def reduced(operator: str, x: Value, axes: Sequence[int], keepdim: bool, dims: int) -> Value:
    """One of ONNX's Reduce operators; a scalar is its own reduction."""
    if dims == 0:
        return x
    every = list(axes) == list(range(dims))
    return getattr(op, operator)(x, None if every else list(axes), keepdims=int(bool(keepdim)))


def count(x: Value, axes: Sequence[int]) -> Any:
    """How many elements are reduced: a number, or a scalar of the graph."""
    return product([size(x, axis) for axis in axes]) if rank(x) else 1


def _added(operator: str, self: Value, dim: Dims, keepdim: bool, dtype: int | None) -> Value:
    """Sums and products: integers and booleans in int64, like torch."""
    wanted = given_dtype(dtype) or (self.dtype if is_float(self) else INT64)
    accumulated = wanted if wanted in _SUMMED or wanted in FLOATS else INT64
    result = reduced(operator, cast(self, accumulated), axes_of(self, dim), keepdim, rank(self))
    return cast(result, wanted)


@onnx_function("aten::sum", "prims::sum_all")
def sum_all(self: TReal, dtype: int = -1) -> TReal:
    """sum(Tensor self, *, ScalarType? dtype=None) -> Tensor"""
    return _added("ReduceSum", self, None, False, dtype)


@onnx_function("aten::sum.dim_IntList")
def sum_dim(self: TReal, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> TReal:
    """sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    return _added("ReduceSum", self, dim, keepdim, dtype)


@onnx_function("aten::nansum")
def nansum(self: TReal, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> TReal:
    """nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    x = op.Where(op.IsNaN(self), number(0.0, self.dtype), self) if is_float(self) else self
    return _added("ReduceSum", x, dim, keepdim, dtype) if x is self else _nan_free_sum(self, x, dim, keepdim, dtype)


def _nan_free_sum(self: Value, x: Value, dim: Dims, keepdim: bool, dtype: int | None) -> Value:
    wanted = given_dtype(dtype) or self.dtype
    return reduced("ReduceSum", cast(x, wanted), axes_of(self, dim), keepdim, rank(self))


@onnx_function("aten::prod")
def prod_all(self: TReal, dtype: int = -1) -> TReal:
    """prod(Tensor self, *, ScalarType? dtype=None) -> Tensor"""
    return _added("ReduceProd", self, None, False, dtype)


@onnx_function("aten::prod.dim_int")
def prod_dim(self: TReal, dim: int, keepdim: bool = False, dtype: int = -1) -> TReal:
    """prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    return _added("ReduceProd", self, dim, keepdim, dtype)


def _mean(self: Value, x: Value, axes: Sequence[int], keepdim: bool) -> Value:
    """The mean, which is NaN of nothing."""
    if rank(self) and count(self, axes) == 0:
        return op.Div(reduced("ReduceSum", x, axes, keepdim, rank(self)), number(0.0, x.dtype))
    return reduced("ReduceMean", x, axes, keepdim, rank(self))


@onnx_function("aten::mean")
def mean_all(self: TReal, dtype: int = -1) -> TReal:
    """mean(Tensor self, *, ScalarType? dtype=None) -> Tensor"""
    return _mean(self, cast(self, given_dtype(dtype) or self.dtype), axes_of(self, None), False)


@onnx_function("aten::mean.dim")
def mean_dim(self: TReal, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> TReal:
    """mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    return _mean(self, cast(self, given_dtype(dtype) or self.dtype), axes_of(self, dim), keepdim)


def _extreme(operator: str, self: Value, dim: Dims, keepdim: bool) -> Value:
    """Greatest or least elements; ONNX Runtime compares fewer dtypes than torch, and wider ones are exact."""
    if self.dtype is BOOL:
        compared = ir.DataType.INT32
    else:
        compared = self.dtype if self.dtype in _COMPARED or self.dtype in FLOATS else INT64
    result = reduced(operator, cast(self, compared), axes_of(self, dim), keepdim, rank(self))
    return cast(result, self.dtype)


@onnx_function("aten::amax")
def amax(self: TReal, dim: Sequence[int] = (), keepdim: bool = False) -> TReal:
    """amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor"""
    return _extreme("ReduceMax", self, dim, keepdim)


@onnx_function("aten::amin")
def amin(self: TReal, dim: Sequence[int] = (), keepdim: bool = False) -> TReal:
    """amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor"""
    return _extreme("ReduceMin", self, dim, keepdim)


@onnx_function("aten::max")
def max_all(self: TReal) -> TReal:
    """max(Tensor self) -> Tensor"""
    return _extreme("ReduceMax", self, None, False)


@onnx_function("aten::min")
def min_all(self: TReal) -> TReal:
    """min(Tensor self) -> Tensor"""
    return _extreme("ReduceMin", self, None, False)


@onnx_function("aten::aminmax")
def aminmax(self: TReal, dim: int | None = None, keepdim: bool = False) -> tuple[TReal, TReal]:
    """aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)"""
    return _extreme("ReduceMin", self, dim, keepdim), _extreme("ReduceMax", self, dim, keepdim)


def _position(operator: str, self: Value, dim: int, keepdim: bool) -> Value:
    """The first place of the extreme along one dimension."""
    if rank(self) == 0:
        return constant(0, INT64)
    compared = cast(self, _ranked_dtype(self))
    return getattr(op, operator)(compared, axis=axis_of(self, dim), keepdims=int(bool(keepdim)))


def _ranked_dtype(self: Value) -> ir.DataType:
    """A dtype that ONNX Runtime's ArgMax takes and that holds every value."""
    if self.dtype in FLOATS or self.dtype in {ir.DataType.INT8, ir.DataType.UINT8, ir.DataType.INT32, INT64}:
        return self.dtype
    return ir.DataType.INT32 if self.dtype in {BOOL, ir.DataType.INT16, ir.DataType.UINT16} else INT64


def _place(operator: str, self: Value, dim: int | None, keepdim: bool) -> Value:
    if dim is not None:
        return _position(operator, self, dim, keepdim)
    if rank(self) == 0:
        return constant(0, INT64)
    flat = op.Reshape(cast(self, _ranked_dtype(self)), [-1])
    place = getattr(op, operator)(flat, axis=0, keepdims=0)
    return op.Reshape(place, constant([1] * rank(self), INT64)) if keepdim else place


@onnx_function("aten::argmax")
def argmax(self: TReal, dim: int | None = None, keepdim: bool = False) -> Int64:
    """argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor"""
    return _place("ArgMax", self, dim, keepdim)


@onnx_function("aten::argmin")
def argmin(self: TReal, dim: int | None = None, keepdim: bool = False) -> Int64:
    """argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor"""
    return _place("ArgMin", self, dim, keepdim)


@onnx_function("aten::max.dim")
def max_dim(self: TReal, dim: int, keepdim: bool = False) -> tuple[TReal, Int64]:
    """max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)"""
    return _extreme("ReduceMax", self, dim, keepdim), _position("ArgMax", self, dim, keepdim)


@onnx_function("aten::min.dim")
def min_dim(self: TReal, dim: int, keepdim: bool = False) -> tuple[TReal, Int64]:
    """min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)"""
    return _extreme("ReduceMin", self, dim, keepdim), _position("ArgMin", self, dim, keepdim)


def _truth(operator: str, self: Value, dim: Dims, keepdim: bool) -> Value:
    """any and all: of what is not zero (NaN is not), as the extreme of ones and zeros."""
    truth = self if self.dtype is BOOL else cast(self, BOOL)
    if rank(self) == 0:
        return truth
    ones = op.Cast(truth, to=ir.DataType.INT32)
    # of no elements the largest is the lowest integer, and the smallest the highest
    return op.Greater(reduced(operator, ones, axes_of(self, dim), keepdim, rank(self)), number(0, ir.DataType.INT32))


@onnx_function("aten::any")
def any_all(self: TTensor) -> Bool:
    """any(Tensor self) -> Tensor"""
    return _truth("ReduceMax", self, None, False)


@onnx_function("aten::any.dim", "aten::any.dims")
def any_dim(self: TTensor, dim: Sequence[int] | None = None, keepdim: bool = False) -> Bool:
    """any.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor"""
    return _truth("ReduceMax", self, dim, keepdim)


@onnx_function("aten::all")
def all_all(self: TTensor) -> Bool:
    """all(Tensor self) -> Tensor"""
    return _truth("ReduceMin", self, None, False)


@onnx_function("aten::all.dim", "aten::all.dims")
def all_dim(self: TTensor, dim: Sequence[int] | None = None, keepdim: bool = False) -> Bool:
    """all.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor"""
    return _truth("ReduceMin", self, dim, keepdim)


@onnx_function("aten::count_nonzero")
def count_nonzero(self: TTensor, dim: int | None = None) -> Int64:
    """count_nonzero(Tensor self, int? dim=None) -> Tensor"""
    return reduced("ReduceSum", cast(cast(self, BOOL), INT64), axes_of(self, dim), False, rank(self))


@onnx_function("aten::count_nonzero.dim_IntList")
def count_nonzero_dims(self: TTensor, dim: Sequence[int]) -> Int64:
    """count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor"""
    return reduced("ReduceSum", cast(cast(self, BOOL), INT64), axes_of(self, dim), False, rank(self))


def variance(self: Value, dim: Dims, correction: float | None, keepdim: bool) -> tuple[Value, Value]:
    """Variance and mean; as many as `correction` (1 if not said) are taken off the number of elements."""
    axes, dims = axes_of(self, dim), rank(self)
    correction = 1 if correction is None else correction
    x = cast(self, FLOAT) if is_narrow_float(self) else self
    mean = _mean(self, x, axes, True)
    off = op.Sub(x, mean)
    squares = op.Mul(off, off)
    elements = count(self, axes)
    if isinstance(elements, int) and correction == 0 and elements:
        spread = reduced("ReduceMean", squares, axes, keepdim, dims)
    else:
        total = reduced("ReduceSum", squares, axes, keepdim, dims)
        spread = op.Div(total, _degrees(elements, correction, x.dtype))
    if not keepdim and dims:
        mean = op.Squeeze(mean, axes)
    return cast(spread, self.dtype), cast(mean, self.dtype)


def _degrees(elements: Any, correction: float, dtype: ir.DataType) -> Value:
    if isinstance(elements, int):
        return number(float(max(elements - correction, 0)), dtype)
    left = op.Sub(cast(elements, dtype), number(float(correction), dtype))
    return op.Max(left, number(0.0, dtype))


@onnx_function("aten::var.correction")
def var(
    self: TFloat, dim: Sequence[int] | None = None, correction: float | None = None, keepdim: bool = False
) -> TFloat:
    """var.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor"""
    return variance(self, dim, correction, keepdim)[0]


@onnx_function("aten::std.correction")
def std(
    self: TFloat, dim: Sequence[int] | None = None, correction: float | None = None, keepdim: bool = False
) -> TFloat:
    """std.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor"""
    return op.Sqrt(variance(self, dim, correction, keepdim)[0])


@onnx_function("aten::var_mean.correction")
def var_mean(
    self: TFloat, dim: Sequence[int] | None = None, correction: float | None = None, keepdim: bool = False
) -> tuple[TFloat, TFloat]:
    """var_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)"""
    return variance(self, dim, correction, keepdim)


@onnx_function("aten::std_mean.correction")
def std_mean(
    self: TFloat, dim: Sequence[int] | None = None, correction: float | None = None, keepdim: bool = False
) -> tuple[TFloat, TFloat]:
    """std_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)"""
    spread, mean = variance(self, dim, correction, keepdim)
    return op.Sqrt(spread), mean


@onnx_function("aten::var")
def var_all(self: TFloat, unbiased: bool = True) -> TFloat:
    """var(Tensor self, bool unbiased=True) -> Tensor"""
    return variance(self, None, int(unbiased), False)[0]


@onnx_function("aten::std")
def std_all(self: TFloat, unbiased: bool = True) -> TFloat:
    """std(Tensor self, bool unbiased=True) -> Tensor"""
    return op.Sqrt(variance(self, None, int(unbiased), False)[0])


@onnx_function("aten::var.dim")
def var_dim(self: TFloat, dim: Sequence[int] | None, unbiased: bool = True, keepdim: bool = False) -> TFloat:
    """var.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor"""
    return variance(self, dim, int(unbiased), keepdim)[0]


@onnx_function("aten::std.dim")
def std_dim(self: TFloat, dim: Sequence[int] | None, unbiased: bool = True, keepdim: bool = False) -> TFloat:
    """std.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor"""
    return op.Sqrt(variance(self, dim, int(unbiased), keepdim)[0])


@onnx_function("aten::var_mean")
def var_mean_all(self: TFloat, unbiased: bool = True) -> tuple[TFloat, TFloat]:
    """var_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)"""
    return variance(self, None, int(unbiased), False)


@onnx_function("aten::var_mean.dim")
def var_mean_dim(
    self: TFloat, dim: Sequence[int] | None, unbiased: bool = True, keepdim: bool = False
) -> tuple[TFloat, TFloat]:
    """var_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)"""
    return variance(self, dim, int(unbiased), keepdim)


@onnx_function("aten::std_mean")
def std_mean_all(self: TFloat, unbiased: bool = True) -> tuple[TFloat, TFloat]:
    """std_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)"""
    spread, mean = variance(self, None, int(unbiased), False)
    return op.Sqrt(spread), mean


@onnx_function("aten::std_mean.dim")
def std_mean_dim(
    self: TFloat, dim: Sequence[int] | None, unbiased: bool = True, keepdim: bool = False
) -> tuple[TFloat, TFloat]:
    """std_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)"""
    spread, mean = variance(self, dim, int(unbiased), keepdim)
    return op.Sqrt(spread), mean


@onnx_function("aten::linalg_vector_norm")
def vector_norm(
    self: TFloat, ord: float = 2.0, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1
) -> TFloat:
    """linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    x = cast(self, given_dtype(dtype) or self.dtype)
    axes, dims = axes_of(self, dim), rank(self)
    if ord == 0:
        return reduced("ReduceSum", cast(cast(x, BOOL), x.dtype), axes, keepdim, dims)
    if ord == math.inf:
        return reduced("ReduceMax", op.Abs(x), axes, keepdim, dims)
    if ord == -math.inf:
        return reduced("ReduceMin", op.Abs(x), axes, keepdim, dims)
    if dims == 0:
        return op.Abs(x)
    if ord == 1:
        return reduced("ReduceL1", x, axes, keepdim, dims)
    if ord == 2:
        return reduced("ReduceL2", x, axes, keepdim, dims)
    powers = op.Pow(op.Abs(x), number(float(ord), x.dtype))
    return op.Pow(reduced("ReduceSum", powers, axes, keepdim, dims), number(1.0 / ord, x.dtype))


@onnx_function("aten::logsumexp")
def logsumexp(self: TFloat, dim: Sequence[int], keepdim: bool = False) -> TFloat:
    """logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor"""
    x = self if is_float(self) else cast(self, FLOAT)
    return reduced("ReduceLogSumExp", x, axes_of(self, dim), keepdim, rank(self))
