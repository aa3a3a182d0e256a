# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index,call-overload,comparison-overlap"
# ruff: noqa: E501
"""Complex tensors, which ONNX has none of: pairs of real numbers on a last axis of size 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal
from onnxscript.onnx_types import BOOL as Bool

from onnxdx.ops import onnx_function
from onnxdx.ops.arithmetic import atan2
from onnxdx.ops.values import BOOL, INT64, Value, cast, constant, number, rank
from onnxdx.tracing.symbolic import op


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
    """A tensor of pairs: `x` itself, or a number as one, of Python or of the model."""
    if _is_run_time_number(x):
        real = op.Reshape(cast(x, like.dtype), constant([1], INT64))
        return pair(real, constant([0.0], like.dtype))
    if isinstance(x, ir.Value):
        return x
    return constant([complex(x).real, complex(x).imag], like.dtype)


def _tensor(*operands: Any) -> Value:
    values = (operand for operand in operands if isinstance(operand, ir.Value))
    return next(value for value in values if not _is_run_time_number(value))


def _is_run_time_number(x: Any) -> bool:
    """Whether a value of the graph is a real number: a complex one has an axis of pairs."""
    return isinstance(x, ir.Value) and rank(x) == 0


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
    if _is_run_time_number(factor):
        return op.Mul(x, cast(factor, x.dtype))
    return multiplied(x, _operand(factor, x))


@onnx_function("aten::mul.Tensor", "aten::mul.Scalar", "aten::mul", complex=True)
def mul(self: TReal, other: TReal) -> TReal:
    """mul.Tensor(Tensor self, Tensor other) -> Tensor"""
    tensor = _tensor(self, other)
    return _times(tensor, other if tensor is self else self)


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
    length, zero = op.ReduceL2(self, [-1], keepdims=1), number(0.0, self.dtype)
    # the larger part first, and the other one from it: their difference would cancel
    large = op.Sqrt(op.Mul(op.Add(length, op.Abs(real)), number(0.5, self.dtype)))
    small = op.Div(
        op.Mul(imaginary, number(0.5, self.dtype)), op.Where(op.Equal(large, zero), number(1.0, self.dtype), large)
    )
    left = op.Less(real, zero)
    signed = op.Where(op.Less(imaginary, zero), op.Neg(large), large)
    return pair(op.Where(left, op.Abs(small), large), op.Where(left, signed, small))


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
