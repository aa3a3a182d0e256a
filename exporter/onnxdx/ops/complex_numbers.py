# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index,call-overload,comparison-overlap"
# ruff: noqa: E501
"""Complex tensors, which ONNX has none of: pairs of real numbers on a last axis of size 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal, TTensor
from onnxscript.onnx_types import BOOL as Bool
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.arithmetic import atan2
from onnxdx.ops.shapes import rolled
from onnxdx.ops.splitting import split, split_with_sizes
from onnxdx.ops.values import BOOL, INT64, Size, Value, cast, constant, given_dtype, number, product, rank, shape, size
from onnxdx.tracing.symbolic import op

_COMPLEX = {ir.DataType.COMPLEX64: ir.DataType.FLOAT, ir.DataType.COMPLEX128: ir.DataType.DOUBLE}


def dims(x: Value) -> int:
    """Number of dimensions of the complex tensor."""
    return rank(x) - 1


def axis_of(x: Value, dim: int) -> int:
    """`dim` from the front; the axis of pairs does not count."""
    return dim if dim >= 0 else dim + max(dims(x), 1)


def parts(x: Value) -> tuple[Value, Value]:
    """Real and imaginary part, each with a last axis of size 1."""
    real, imaginary = op.Split(x, axis=-1, num_outputs=2)
    return real, imaginary


def pair(real: Value, imaginary: Value) -> Value:
    """A complex tensor of two parts that have a last axis of size 1."""
    return op.Concat(real, imaginary, axis=-1)


def _operand(x: Any, like: Value) -> Value:
    """A tensor of pairs: `x` itself, or a Python number as one."""
    if isinstance(x, ir.Value):
        return x
    return constant([complex(x).real, complex(x).imag], like.dtype)


def _tensor(*operands: Any) -> Value:
    return next(operand for operand in operands if isinstance(operand, ir.Value))


def _is_real_number(x: Any) -> bool:
    return not isinstance(x, ir.Value) and complex(x).imag == 0


def multiplied(a: Value, b: Value) -> Value:
    """(a + bi)(c + di)"""
    (ar, ai), (br, bi) = parts(a), parts(b)
    return pair(op.Sub(op.Mul(ar, br), op.Mul(ai, bi)), op.Add(op.Mul(ar, bi), op.Mul(ai, br)))


def _squared_length(real: Value, imaginary: Value) -> Value:
    return op.Add(op.Mul(real, real), op.Mul(imaginary, imaginary))


def divided(a: Value, b: Value) -> Value:
    """a / b, scaled by the larger part of b so that squares do not overflow."""
    (ar, ai), (br, bi) = parts(a), parts(b)
    scale = op.Max(op.Abs(br), op.Abs(bi))
    ar, ai, br, bi = (op.Div(each, scale) for each in (ar, ai, br, bi))
    length = _squared_length(br, bi)
    real = op.Div(op.Add(op.Mul(ar, br), op.Mul(ai, bi)), length)
    imaginary = op.Div(op.Sub(op.Mul(ai, br), op.Mul(ar, bi)), length)
    return pair(real, imaginary)


@onnx_function("aten::add.Tensor", "aten::add.Scalar", complex=True)
def add(self: TReal, other: TReal, alpha: TReal = 1) -> TReal:
    """add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"""
    like = _tensor(self, other)
    return op.Add(_operand(self, like), _times(_operand(other, like), alpha))


@onnx_function("aten::sub.Tensor", "aten::sub.Scalar", complex=True)
def sub(self: TReal, other: TReal, alpha: TReal = 1) -> TReal:
    """sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"""
    like = _tensor(self, other)
    return op.Sub(_operand(self, like), _times(_operand(other, like), alpha))


@onnx_function("aten::rsub.Tensor", "aten::rsub.Scalar", complex=True)
def rsub(self: TReal, other: TReal, alpha: TReal = 1) -> TReal:
    """rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"""
    return op.Sub(_operand(other, self), _times(self, alpha))


def _times(x: Value, factor: Any) -> Value:
    if not isinstance(factor, ir.Value) and factor == 1:
        return x
    if _is_real_number(factor):
        return op.Mul(x, number(float(complex(factor).real), x.dtype))
    return multiplied(x, _operand(factor, x))


@onnx_function("aten::mul.Tensor", "aten::mul.Scalar", "aten::mul", complex=True)
def mul(self: TReal, other: TReal) -> TReal:
    """mul.Tensor(Tensor self, Tensor other) -> Tensor"""
    if not isinstance(self, ir.Value):
        return _times(other, self)
    return multiplied(self, other) if isinstance(other, ir.Value) else _times(self, other)


@onnx_function("aten::div.Tensor", "aten::div.Scalar", complex=True)
def div(self: TReal, other: TReal) -> TReal:
    """div.Tensor(Tensor self, Tensor other) -> Tensor"""
    if _is_real_number(other):
        return op.Div(self, number(float(complex(other).real), self.dtype))
    like = _tensor(self, other)
    return divided(_operand(self, like), _operand(other, like))


@onnx_function("aten::reciprocal", complex=True)
def reciprocal(self: TReal) -> TReal:
    """reciprocal(Tensor self) -> Tensor"""
    return divided(_operand(1.0, self), self)


@onnx_function("aten::neg", complex=True)
def neg(self: TReal) -> TReal:
    """neg(Tensor self) -> Tensor"""
    return op.Neg(self)


@onnx_function("aten::conj", "aten::_conj", "aten::conj_physical", "aten::_conj_physical", complex=True)
def conj(self: TReal) -> TReal:
    """conj(Tensor(a) self) -> Tensor(a)"""
    return op.Mul(self, constant([1.0, -1.0], self.dtype))


@onnx_function(
    "aten::resolve_conj", "aten::resolve_neg", "aten::clone", "aten::alias", "aten::detach", "aten::contiguous", "aten::detach_",
    "aten::lift_fresh_copy", "aten::dropout", complex=True,
)  # fmt: skip
def same(self: TReal) -> TReal:
    """resolve_conj(Tensor(a) self) -> Tensor(a)"""
    return op.Identity(self)


@onnx_function("aten::abs", complex=True)
def absolute(self: TReal) -> TReal:
    """abs(Tensor self) -> Tensor"""
    return op.ReduceL2(self, [-1], keepdims=0)


@onnx_function("aten::angle", complex=True)
def angle(self: TReal) -> TReal:
    """angle(Tensor self) -> Tensor"""
    real, imaginary = parts(self)
    return op.Squeeze(atan2.func(imaginary, real), [-1])


@onnx_function("aten::real", complex=True)
def real_part(self: TReal) -> TReal:
    """real(Tensor(a) self) -> Tensor(a)"""
    return op.Gather(self, number(0, INT64), axis=-1)


@onnx_function("aten::imag", complex=True)
def imaginary_part(self: TReal) -> TReal:
    """imag(Tensor(a) self) -> Tensor(a)"""
    return op.Gather(self, number(1, INT64), axis=-1)


@onnx_function("aten::sgn", complex=True)
def sgn(self: TReal) -> TReal:
    """sgn(Tensor self) -> Tensor"""
    length = op.ReduceL2(self, [-1], keepdims=1)
    zero = op.Equal(length, number(0.0, self.dtype))
    return op.Div(self, op.Where(zero, number(1.0, self.dtype), length))


def _on_circle(size: Value, turn: Value) -> Value:
    return pair(op.Mul(size, op.Cos(turn)), op.Mul(size, op.Sin(turn)))


@onnx_function("aten::exp", complex=True)
def exp(self: TFloat) -> TFloat:
    """exp(Tensor self) -> Tensor"""
    real, imaginary = parts(self)
    return _on_circle(op.Exp(real), imaginary)


@onnx_function("aten::log", complex=True)
def log(self: TFloat) -> TFloat:
    """log(Tensor self) -> Tensor"""
    real, imaginary = parts(self)
    return pair(op.Log(op.ReduceL2(self, [-1], keepdims=1)), atan2.func(imaginary, real))


@onnx_function("aten::sqrt", complex=True)
def sqrt(self: TFloat) -> TFloat:
    """sqrt(Tensor self) -> Tensor"""
    real, imaginary = parts(self)
    length, half = op.ReduceL2(self, [-1], keepdims=1), number(0.5, self.dtype)
    zero = number(0.0, self.dtype)
    first = op.Sqrt(op.Mul(op.Max(op.Add(length, real), zero), half))
    second = op.Sqrt(op.Mul(op.Max(op.Sub(length, real), zero), half))
    return pair(first, op.Where(op.Less(imaginary, zero), op.Neg(second), second))


@onnx_function("aten::square", complex=True)
def square(self: TFloat) -> TFloat:
    """square(Tensor self) -> Tensor"""
    return multiplied(self, self)


@onnx_function("aten::pow.Tensor_Scalar", complex=True)
def pow_scalar(self: TFloat, exponent: float) -> TFloat:
    """pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor"""
    if exponent == 1:
        return op.Identity(self)
    if exponent == 2:
        return multiplied(self, self)
    if not _is_real_number(exponent) or exponent <= 0:
        raise NotImplementedError("this power of a complex number")
    real, imaginary = parts(self)
    length = op.ReduceL2(self, [-1], keepdims=1)
    power = number(float(exponent), self.dtype)
    return _on_circle(op.Pow(length, power), op.Mul(atan2.func(imaginary, real), power))


@onnx_function("aten::cos", complex=True)
def cos(self: TFloat) -> TFloat:
    """cos(Tensor self) -> Tensor"""
    real, imaginary = parts(self)
    return pair(op.Mul(op.Cos(real), op.Cosh(imaginary)), op.Neg(op.Mul(op.Sin(real), op.Sinh(imaginary))))


@onnx_function("aten::sin", complex=True)
def sin(self: TFloat) -> TFloat:
    """sin(Tensor self) -> Tensor"""
    real, imaginary = parts(self)
    return pair(op.Mul(op.Sin(real), op.Cosh(imaginary)), op.Mul(op.Cos(real), op.Sinh(imaginary)))


def _all_parts(equal: Value) -> Value:
    return op.Cast(op.ReduceMin(op.Cast(equal, to=ir.DataType.INT32), [-1], keepdims=0), to=BOOL)


@onnx_function("aten::eq.Tensor", "aten::eq.Scalar", complex=True)
def eq(self: TReal, other: TReal) -> Bool:
    """eq.Tensor(Tensor self, Tensor other) -> Tensor"""
    like = _tensor(self, other)
    return _all_parts(op.Equal(_operand(self, like), _operand(other, like)))


@onnx_function("aten::ne.Tensor", "aten::ne.Scalar", complex=True)
def ne(self: TReal, other: TReal) -> Bool:
    """ne.Tensor(Tensor self, Tensor other) -> Tensor"""
    return op.Not(eq.func(self, other))


@onnx_function("aten::isnan", complex=True)
def isnan(self: TReal) -> Bool:
    """isnan(Tensor self) -> Tensor"""
    return op.Not(_all_parts(op.Not(op.IsNaN(self))))


@onnx_function("aten::where.self", complex=True)
def where(condition: Bool, self: TReal, other: TReal) -> TReal:
    """where.self(Tensor condition, Tensor self, Tensor other) -> Tensor"""
    like = _tensor(self, other)
    return op.Where(op.Unsqueeze(condition, [-1]), _operand(self, like), _operand(other, like))


@onnx_function("aten::masked_fill.Scalar", "aten::masked_fill.Tensor", complex=True)
def masked_fill(self: TReal, mask: Bool, value: TReal) -> TReal:
    """masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor"""
    if isinstance(value, ir.Value):
        raise NotImplementedError("masked_fill of a complex tensor with a computed value")
    return op.Where(op.Unsqueeze(mask, [-1]), _operand(value, self), self)


# ---- products ---------------------------------------------------------------------------------------------------------


def _planes(x: Value) -> tuple[Value, Value]:
    real, imaginary = parts(x)
    return op.Squeeze(real, [-1]), op.Squeeze(imaginary, [-1])


@onnx_function("aten::matmul", "aten::mm", "aten::bmm", "aten::mv", "aten::dot", complex=True)
def matmul(self: TFloat, other: TFloat) -> TFloat:
    """matmul(Tensor self, Tensor other) -> Tensor"""
    (ar, ai), (br, bi) = _planes(self), _planes(other)
    real = op.Sub(op.MatMul(ar, br), op.MatMul(ai, bi))
    imaginary = op.Add(op.MatMul(ar, bi), op.MatMul(ai, br))
    return pair(op.Unsqueeze(real, [-1]), op.Unsqueeze(imaginary, [-1]))


# ---- reductions -------------------------------------------------------------------------------------------------------


def _axes(self: Value, dim: Any) -> list[int]:
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return list(range(dims(self)))
    return [axis_of(self, each) for each in ([dim] if isinstance(dim, int) else dim)]


@onnx_function("aten::sum.dim_IntList", complex=True)
def sum_dim(self: TReal, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> TReal:
    """sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    if dims(self) == 0:
        return op.Identity(self)
    return op.ReduceSum(self, _axes(self, dim), keepdims=int(keepdim))


@onnx_function("aten::sum", complex=True)
def sum_all(self: TReal, dtype: int = -1) -> TReal:
    """sum(Tensor self, *, ScalarType? dtype=None) -> Tensor"""
    return sum_dim.func(self)


@onnx_function("aten::mean.dim", complex=True)
def mean_dim(self: TReal, dim: Sequence[int] | None = None, keepdim: bool = False, dtype: int = -1) -> TReal:
    """mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"""
    if dims(self) == 0:
        return op.Identity(self)
    return op.ReduceMean(self, _axes(self, dim), keepdims=int(keepdim))


@onnx_function("aten::mean", complex=True)
def mean_all(self: TReal, dtype: int = -1) -> TReal:
    """mean(Tensor self, *, ScalarType? dtype=None) -> Tensor"""
    return mean_dim.func(self)


@onnx_function("aten::cumsum", complex=True)
def cumsum(self: TReal, dim: int, dtype: int = -1) -> TReal:
    """cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor"""
    return op.CumSum(self, number(axis_of(self, dim), INT64)) if dims(self) else op.Identity(self)


# ---- shapes: as for real tensors, beside the axis of pairs ---------------------------------------------------------------


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
