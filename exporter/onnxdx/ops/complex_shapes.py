# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index,call-overload,comparison-overlap"
# ruff: noqa: E501
"""Complex tensors put in other shapes: as real ones, beside the axis of pairs (see `complex_numbers.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TTensor
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.complex_numbers import axis_of, dims
from onnxdx.ops.shapes import rolled
from onnxdx.ops.splitting import split, split_with_sizes
from onnxdx.ops.values import BOOL, INT64, Size, Value, cast, constant, given_dtype, number, product, rank, shape, size
from onnxdx.tracing.symbolic import op

_COMPLEX = {ir.DataType.COMPLEX64: ir.DataType.FLOAT, ir.DataType.COMPLEX128: ir.DataType.DOUBLE}


@onnx_function("aten::view", "aten::reshape", "aten::_unsafe_view", "aten::view_copy", complex=True)
def view(self: TTensor, size: Int64) -> TTensor:
    """view(Tensor(a) self, SymInt[] size) -> Tensor(a)"""
    return op.Reshape(
        self, shape([*size, 2]), allowzero=1 if 0 in [each for each in size if isinstance(each, int)] else None
    )


@onnx_function("aten::expand", "aten::broadcast_to", complex=True)
def expand(self: TTensor, size: Int64, implicit: bool = False) -> TTensor:
    """expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)"""
    return op.Expand(self, shape([*(1 if isinstance(each, int) and each == -1 else each for each in size), 2]))


@onnx_function("aten::permute", complex=True)
def permute(self: TTensor, dims: Sequence[int]) -> TTensor:
    """permute(Tensor(a) self, int[] dims) -> Tensor(a)"""
    return op.Transpose(self, perm=[*(axis_of(self, dim) for dim in dims), len(dims)])


@onnx_function("aten::transpose.int", complex=True)
def transpose(self: TTensor, dim0: int, dim1: int) -> TTensor:
    """transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)"""
    order = list(range(rank(self)))
    first, second = axis_of(self, dim0), axis_of(self, dim1)
    order[first], order[second] = order[second], order[first]
    return op.Transpose(self, perm=order) if dims(self) else op.Identity(self)


@onnx_function("aten::unsqueeze", complex=True)
def unsqueeze(self: TTensor, dim: int) -> TTensor:
    """unsqueeze(Tensor(a) self, int dim) -> Tensor(a)"""
    return op.Unsqueeze(self, [dim if dim >= 0 else dim + dims(self) + 1])


@onnx_function("aten::squeeze", complex=True)
def squeeze(self: TTensor) -> TTensor:
    """squeeze(Tensor(a) self) -> Tensor(a)"""
    ones = [axis for axis in range(dims(self)) if self.shape[axis] == 1]
    return op.Squeeze(self, ones) if ones else op.Identity(self)


@onnx_function("aten::squeeze.dim", complex=True)
def squeeze_dim(self: TTensor, dim: int) -> TTensor:
    """squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)"""
    axis = axis_of(self, dim)
    return op.Squeeze(self, [axis]) if dims(self) and self.shape[axis] == 1 else op.Identity(self)


@onnx_function("aten::select.int", complex=True)
def select(self: TTensor, dim: int, index: Int64) -> TTensor:
    """select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)"""
    return op.Gather(self, cast(index, INT64), axis=axis_of(self, dim))


@onnx_function("aten::index_select", complex=True)
def index_select(self: TTensor, dim: int, index: Int64) -> TTensor:
    """index_select(Tensor self, int dim, Tensor index) -> Tensor"""
    return op.Gather(self, cast(index, INT64), axis=axis_of(self, dim))


@onnx_function("aten::index.Tensor", complex=True)
def index(self: TTensor, indices: Sequence[Int64 | None]) -> TTensor:
    """index.Tensor(Tensor self, Tensor?[] indices) -> Tensor"""
    given = [place for place, each in enumerate(indices) if each is not None]
    if len(given) == 1 and indices[given[0]].dtype is not BOOL:
        return op.Gather(self, cast(indices[given[0]], INT64), axis=given[0])
    return core.aten_index(self, indices)


@onnx_function("aten::slice.Tensor", complex=True)
def slice_tensor(
    self: TTensor, dim: int = 0, start: Int64 | None = None, end: Int64 | None = None, step: Int64 = 1
) -> TTensor:
    """slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a)"""
    first, last = 0 if start is None else start, 2**63 - 1 if end is None else end
    return op.Slice(self, shape([first]), shape([last]), [axis_of(self, dim)], shape([step]))


@onnx_function("aten::flip", complex=True)
def flip(self: TTensor, dims: Sequence[int]) -> TTensor:
    """flip(Tensor self, int[] dims) -> Tensor"""
    count = len(dims)
    axes = [axis_of(self, dim) for dim in dims]
    return op.Slice(self, [-1] * count, [-(2**63)] * count, axes, [-1] * count) if count else op.Identity(self)


@onnx_function("aten::cat", "aten::concat", "aten::concatenate", complex=True)
def cat(tensors: Sequence[TTensor], dim: int = 0) -> TTensor:
    """cat(Tensor[] tensors, int dim=0) -> Tensor"""
    full = [tensor for tensor in tensors if not (dims(tensor) == 1 and tensor.shape[0] == 0)] or list(tensors)[:1]
    return op.Concat(*full, axis=axis_of(full[0], dim)) if len(full) > 1 else op.Identity(full[0])


@onnx_function("aten::stack", complex=True)
def stack(tensors: Sequence[TTensor], dim: int = 0) -> TTensor:
    """stack(Tensor[] tensors, int dim=0) -> Tensor"""
    axis = dim if dim >= 0 else dim + dims(tensors[0]) + 1
    return op.Concat(*(op.Unsqueeze(tensor, [axis]) for tensor in tensors), axis=axis)


@onnx_function("aten::repeat", complex=True)
def repeat(self: TTensor, repeats: Sequence[Int64]) -> TTensor:
    """repeat(Tensor self, SymInt[] repeats) -> Tensor"""
    added = len(repeats) - dims(self)
    x = op.Unsqueeze(self, list(range(added))) if added else self
    return op.Tile(x, shape([*repeats, 1]))


@onnx_function("aten::unbind.int", complex=True)
def unbind(self: TTensor, dim: int = 0, result_count: int = 1) -> TTensor:
    """unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]"""
    axis = axis_of(self, dim)
    if result_count == 1:
        return [op.Squeeze(self, [axis])]
    return [op.Squeeze(piece, [axis]) for piece in op.Split(self, axis=axis, num_outputs=result_count)]


@onnx_function("aten::constant_pad_nd", complex=True)
def constant_pad_nd(self: TTensor, pad: Sequence[Int64], value: float = 0.0) -> TTensor:
    """constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor"""
    if value:
        raise NotImplementedError("padding a complex tensor with anything but zeros")
    count = len(pad) // 2
    before = [0] * (dims(self) - count) + [pad[2 * (count - 1 - place)] for place in range(count)]
    after = [0] * (dims(self) - count) + [pad[2 * (count - 1 - place) + 1] for place in range(count)]
    return op.Pad(self, shape([*before, 0, *after, 0]))


def _filled(items: Value, fill: Any, dtype: int | None, own: ir.DataType) -> Value:
    """A tensor of these sizes (without the axis of pairs), complex or real as `dtype` says (`own` when it is None)."""
    wanted = given_dtype(dtype)
    if isinstance(fill, ir.Value):
        raise NotImplementedError("a complex tensor filled with a computed value")
    if wanted is not None and wanted not in _COMPLEX:
        return op.Expand(number(complex(fill).real, wanted), items)
    part = _COMPLEX[wanted] if wanted is not None else own
    pairs = constant([complex(fill).real, complex(fill).imag], part)
    return op.Expand(pairs, op.Concat(items, shape([2]), axis=0))


def _sizes_of(self: Value) -> Value:
    """The sizes of a complex tensor, without the axis of pairs."""
    return op.Shape(self, end=-1)


@onnx_function("aten::zeros", complex=True)
def zeros(size: Sequence[Int64], dtype: int = -1) -> TTensor:
    """zeros(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape(size), 0, dtype, ir.DataType.FLOAT)


@onnx_function("aten::ones", complex=True)
def ones(size: Sequence[Int64], dtype: int = -1) -> TTensor:
    """ones(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape(size), 1, dtype, ir.DataType.FLOAT)


@onnx_function("aten::full", complex=True)
def full(size: Sequence[Int64], fill_value: TTensor, dtype: int = -1) -> TTensor:
    """full(SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape(size), fill_value, dtype, ir.DataType.FLOAT)


@onnx_function("aten::scalar_tensor", complex=True)
def scalar_tensor(s: TTensor, dtype: int = -1) -> TTensor:
    """scalar_tensor(Scalar s, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape([]), s, dtype, ir.DataType.FLOAT)


@onnx_function("aten::new_zeros", complex=True)
def new_zeros(self: TTensor, size: Sequence[Int64], dtype: int = -1) -> TTensor:
    """new_zeros(Tensor self, SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape(size), 0, dtype, self.dtype)


@onnx_function("aten::new_ones", complex=True)
def new_ones(self: TTensor, size: Sequence[Int64], dtype: int = -1) -> TTensor:
    """new_ones(Tensor self, SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape(size), 1, dtype, self.dtype)


@onnx_function("aten::new_full", complex=True)
def new_full(self: TTensor, size: Sequence[Int64], fill_value: TTensor, dtype: int = -1) -> TTensor:
    """new_full(Tensor self, SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _filled(shape(size), fill_value, dtype, self.dtype)


@onnx_function("aten::zeros_like", complex=True)
def zeros_like(self: TTensor, dtype: int = -1) -> TTensor:
    """zeros_like(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor"""
    return _filled(_sizes_of(self), 0, dtype, self.dtype)


@onnx_function("aten::ones_like", complex=True)
def ones_like(self: TTensor, dtype: int = -1) -> TTensor:
    """ones_like(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor"""
    return _filled(_sizes_of(self), 1, dtype, self.dtype)


@onnx_function("aten::full_like", complex=True)
def full_like(self: TTensor, fill_value: TTensor, dtype: int = -1) -> TTensor:
    """full_like(Tensor self, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor"""
    return _filled(_sizes_of(self), fill_value, dtype, self.dtype)


@onnx_function("aten::_to_copy", "aten::to.dtype", "prims::convert_element_type", complex=True)
def to_dtype(self: TTensor, dtype: int = -1, non_blocking: bool = False, copy: bool = False) -> TTensor:
    """_to_copy(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, bool non_blocking=False, MemoryFormat? memory_format=None) -> Tensor"""
    wanted = given_dtype(dtype)
    if wanted is None:
        return op.Identity(self)
    if wanted in _COMPLEX:
        return cast(self, _COMPLEX[wanted])
    return cast(op.Gather(self, number(0, INT64), axis=-1), wanted)


@onnx_function("aten::split.Tensor", "aten::split", "aten::unsafe_split.Tensor", complex=True)
def split_tensor(self: TTensor, split_size: Int64, dim: int = 0, result_count: int = 1) -> TTensor:
    """split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]"""
    return split.func(self, split_size, axis_of(self, dim), result_count)


@onnx_function("aten::split_with_sizes", "aten::split.sizes", "aten::unsafe_split_with_sizes", complex=True)
def split_by_sizes(self: TTensor, split_sizes: Sequence[Int64], dim: int = 0) -> TTensor:
    """split_with_sizes(Tensor(a -> *) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[]"""
    return split_with_sizes.func(self, split_sizes, axis_of(self, dim))


@onnx_function("aten::sym_size.int", complex=True)
def sym_size(self: TTensor, dim: int = 0) -> Int64:
    """sym_size.int(Tensor self, int dim) -> SymInt"""
    axis = axis_of(self, dim)
    return op.Squeeze(op.Shape(self, start=axis, end=axis + 1), [0])


@onnx_function("aten::sym_numel", complex=True)
def sym_numel(self: TTensor) -> Int64:
    """sym_numel(Tensor self) -> SymInt"""
    return op.Div(op.Size(self), number(2, INT64))


@onnx_function("aten::roll", complex=True)
def roll_pairs(self: TTensor, shifts: Sequence[Int64], dims: Sequence[int] = ()) -> TTensor:
    """roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor"""
    if not dims:
        flat = op.Reshape(self, [-1, 2])
        return op.Reshape(rolled(flat, shifts[0], 0, _count(self)), op.Shape(self))
    result = self
    for shift, dim in zip(shifts, dims, strict=True):
        axis = axis_of(self, dim)
        result = rolled(result, shift, axis, size(self, axis))
    return result


def _count(self: Value) -> Size:
    return product([size(self, axis) for axis in range(rank(self) - 1)])
