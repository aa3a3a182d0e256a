# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
"""Rearranging elements: roll, squeeze, repeats and the pieces of a size that is known only at run time."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TTensor
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.values import (
    FLOATS,
    INT64,
    Size,
    Value,
    axis_of,
    cast,
    constant,
    number,
    product,
    rank,
    shape,
    size,
    sizes,
    swapped,
)
from onnxdx.tracing.symbolic import op


def rolled(x: Value, shift: Size, axis: int, length: Size) -> Value:
    """The elements along an axis moved on by `shift`, those that leave at the end coming back at the beginning."""
    if isinstance(shift, int) and isinstance(length, int):
        shift = shift % length if length else 0
        if shift == 0:
            return x
        cut = length - shift
    else:
        cut = op.Mod(op.Sub(number(0, INT64), shape([shift])), shape([length]))
    head = op.Slice(x, shape([cut]), [2**63 - 1], [axis])
    tail = op.Slice(x, [0], shape([cut]), [axis])
    return op.Concat(head, tail, axis=axis)


@onnx_function("aten::copy")
def copy(self: Value, src: Value, non_blocking: bool = False) -> Value:
    """copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor"""
    alike = op.CastLike(src, self)
    return alike if list(self.shape) == list(src.shape) else op.Expand(alike, op.Shape(self))


@onnx_function("aten::flip")
def flip(self: TTensor, dims: Sequence[int]) -> TTensor:
    """flip(Tensor self, int[] dims) -> Tensor"""
    return op.Identity(self) if rank(self) == 0 else core.aten_flip.func(self, dims)


@onnx_function("aten::reshape")
def reshape(self: TTensor, size: Sequence[Int64]) -> TTensor:
    """reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a); a size of 0 is one, and not that of the input"""
    return core.aten_view.func(self, size)


@onnx_function("aten::set.source_Tensor")
def set_source(self: TTensor, source: TTensor) -> TTensor:
    """set.source_Tensor(Tensor self, Tensor source) -> Tensor"""
    return op.Identity(source)


@onnx_function("aten::roll")
def roll(self: TTensor, shifts: Sequence[Int64], dims: Sequence[int] = ()) -> TTensor:
    """roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor"""
    if rank(self) == 0:
        return op.Identity(self)
    if not dims:
        flat = rolled(op.Reshape(self, [-1]), shifts[0], 0, product(sizes(self)))
        return op.Reshape(flat, shape(sizes(self)))
    result = self
    for shift, dim in zip(shifts, dims, strict=True):
        axis = axis_of(self, dim)
        result = rolled(result, shift, axis, size(self, axis))
    return op.Identity(self) if result is self else result


@onnx_function("aten::squeeze")
def squeeze(self: TTensor) -> TTensor:
    """squeeze(Tensor(a) self) -> Tensor(a); dimensions that are open are not 1, or the capture would say so"""
    return _squeezed(self, list(range(rank(self))))


@onnx_function("aten::squeeze.dim")
def squeeze_dim(self: TTensor, dim: int) -> TTensor:
    """squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)"""
    return _squeezed(self, [axis_of(self, dim)])


@onnx_function("aten::squeeze.dims")
def squeeze_dims(self: TTensor, dim: Sequence[int]) -> TTensor:
    """squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)"""
    return _squeezed(self, [axis_of(self, each) for each in dim])


def _squeezed(self: Value, axes: Sequence[int]) -> Value:
    ones = [axis for axis in axes if rank(self) and self.shape[axis] == 1]
    return op.Squeeze(self, ones) if ones else op.Identity(self)


@onnx_function("aten::repeat_interleave.Tensor")
def repeat_interleave(repeats: Int64, output_size: Int64 | None = None) -> Int64:
    """repeat_interleave.Tensor(Tensor repeats, *, SymInt? output_size=None) -> Tensor

    Element k of the result is the number of running totals that k has reached.
    """
    totals = op.CumSum(cast(repeats, INT64), number(0, INT64))
    whole = op.ReduceSum(cast(repeats, INT64), keepdims=0)
    places = op.Unsqueeze(op.Range(number(0, INT64), whole, number(1, INT64)), [1])
    reached = op.Cast(op.LessOrEqual(totals, places), to=INT64)
    return op.ReduceSum(reached, [1], keepdims=0)


@onnx_function("aten::atleast_1d.Sequence")
def atleast_1d(tensors: Sequence[TTensor]) -> TTensor:
    """atleast_1d.Sequence(Tensor[] tensors) -> Tensor[]"""
    return [op.Reshape(x, [1]) if rank(x) == 0 else op.Identity(x) for x in tensors]


@onnx_function("aten::atleast_2d.Sequence")
def atleast_2d(tensors: Sequence[TTensor]) -> TTensor:
    """atleast_2d.Sequence(Tensor[] tensors) -> Tensor[]"""
    added = {0: [0, 1], 1: [0]}
    return [op.Unsqueeze(x, added[rank(x)]) if rank(x) in added else op.Identity(x) for x in tensors]


@onnx_function("aten::atleast_3d.Sequence")
def atleast_3d(tensors: Sequence[TTensor]) -> TTensor:
    """atleast_3d.Sequence(Tensor[] tensors) -> Tensor[]"""
    added = {0: [0, 1, 2], 1: [0, 2], 2: [2]}
    return [op.Unsqueeze(x, added[rank(x)]) if rank(x) in added else op.Identity(x) for x in tensors]


@onnx_function("aten::select.int", "aten::select_copy.int")
def select(self: TTensor, dim: int, index: Int64) -> TTensor:
    """select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)"""
    place = number(index, INT64) if isinstance(index, int) else op.Reshape(index, constant([], INT64))
    return op.Gather(self, place, axis=axis_of(self, dim))


_TRIMMED = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT64, ir.DataType.BOOL}) | FLOATS


def _trimmed(self: Value, diagonal: Size, upper: int) -> Value:
    k = number(diagonal, INT64) if isinstance(diagonal, int) else op.Reshape(diagonal, constant([], INT64))
    wide = self.dtype if self.dtype in _TRIMMED else INT64
    return cast(op.Trilu(cast(self, wide), k, upper=upper), self.dtype)


@onnx_function("aten::tril")
def tril(self: TTensor, diagonal: Int64 = 0) -> TTensor:
    """tril(Tensor self, SymInt diagonal=0) -> Tensor"""
    return _trimmed(self, diagonal, 0)


@onnx_function("aten::triu")
def triu(self: TTensor, diagonal: Int64 = 0) -> TTensor:
    """triu(Tensor self, SymInt diagonal=0) -> Tensor"""
    return _trimmed(self, diagonal, 1)


@onnx_function("aten::repeat_interleave.self_int")
def repeat_each(self: TTensor, repeats: Int64, dim: int | None = None, output_size: Int64 | None = None) -> TTensor:
    """repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor"""
    if dim is None or rank(self) == 0:
        column = op.Reshape(self, [-1, 1])
        return op.Reshape(op.Expand(column, shape([1, repeats])), [-1])
    axis, dims = axis_of(self, dim), rank(self)
    expanded = op.Expand(op.Unsqueeze(self, [axis + 1]), shape([*[1] * (axis + 1), repeats, *[1] * (dims - axis - 1)]))
    joined = product([size(self, axis), repeats])
    return op.Reshape(expanded, shape([*(joined if each == axis else size(self, each) for each in range(dims))]))


@onnx_function("aten::mT", "aten::mH", "aten::adjoint", "aten::t")
def transposed(self: TTensor) -> TTensor:
    """mT(Tensor(a) self) -> Tensor(a)"""
    return swapped(self, rank=rank(self)) if rank(self) > 1 else op.Identity(self)
