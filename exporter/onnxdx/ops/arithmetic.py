# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
"""Arithmetic of two operands: integers stay exact, scalars may be computed at run time, truths count as ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TReal, TTensor
from onnxscript.onnx_types import BOOL as Bool

from onnxdx.ops import onnx_function
from onnxdx.ops.values import BOOL, FLOAT, FLOATS, INT64, Value, cast, is_float, number
from onnxdx.tracing.symbolic import op

_COMPUTED = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT32, INT64}) | FLOATS
"""Dtypes that ONNX Runtime computes in; it widens 16-bit floats by itself."""


def wide(dtype: ir.DataType) -> ir.DataType:
    """The dtype to compute in: a wider one, whose low bits are the result, for integers without kernels."""
    if dtype in _COMPUTED:
        return dtype
    return INT64 if dtype in {ir.DataType.UINT32, ir.DataType.UINT64} else ir.DataType.INT32


def dtype_of(*operands: Value) -> ir.DataType:
    """The dtype of the tensors among operands; the capture has promoted them to a common one."""
    dtypes = [operand.dtype for operand in operands if isinstance(operand, ir.Value)]
    floats = [dtype for dtype in dtypes if dtype in FLOATS]
    return (floats or [dtype for dtype in dtypes if dtype is not BOOL] or dtypes)[0]


def computed(function: Callable[..., Any], *operands: Value) -> Value:
    """`function` of the operands in a dtype that ONNX Runtime has kernels for; the result in that of the operands."""
    dtype = dtype_of(*operands)
    return cast(function(*(cast(operand, wide(dtype)) for operand in operands)), dtype)


def _with_factor(other: Value, alpha: Any, dtype: ir.DataType) -> Value:
    """`other * alpha`; `other` where alpha is one."""
    other = cast(other, wide(dtype))
    return other if not isinstance(alpha, ir.Value) and alpha == 1 else op.Mul(other, cast(alpha, wide(dtype)))


@onnx_function("aten::add.Tensor", "aten::add.Scalar")
def add(self: TTensor, other: TTensor, alpha: TTensor = 1) -> TTensor:
    """add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"""
    dtype = dtype_of(self, other)
    if dtype is BOOL:
        return op.Or(cast(self, BOOL), cast(other, BOOL)) if alpha else cast(self, BOOL)
    return cast(op.Add(cast(self, wide(dtype)), _with_factor(other, alpha, dtype)), dtype)


@onnx_function("aten::sub.Tensor", "aten::sub.Scalar", "aten::subtract.Tensor", "aten::subtract.Scalar")
def sub(self: TTensor, other: TTensor, alpha: TTensor = 1) -> TTensor:
    """sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"""
    dtype = dtype_of(self, other)
    return cast(op.Sub(cast(self, wide(dtype)), _with_factor(other, alpha, dtype)), dtype)


@onnx_function("aten::rsub.Tensor", "aten::rsub.Scalar")
def rsub(self: TTensor, other: TTensor, alpha: TTensor = 1) -> TTensor:
    """rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"""
    dtype = dtype_of(self, other)
    return cast(op.Sub(cast(other, wide(dtype)), _with_factor(self, alpha, dtype)), dtype)


@onnx_function("aten::mul.Tensor", "aten::mul.Scalar", "aten::multiply.Tensor", "aten::multiply.Scalar", "aten::mul")
def mul(self: TTensor, other: TTensor) -> TTensor:
    """mul.Tensor(Tensor self, Tensor other) -> Tensor"""
    if dtype_of(self, other) is BOOL:
        return op.And(cast(self, BOOL), cast(other, BOOL))
    return computed(op.Mul, self, other)


@onnx_function(
    "aten::div.Tensor", "aten::div.Scalar", "aten::divide.Tensor", "aten::divide.Scalar", "aten::true_divide.Tensor",
    "aten::true_divide.Scalar",
)  # fmt: skip
def div(self: TTensor, other: TTensor) -> TTensor:
    """div.Tensor(Tensor self, Tensor other) -> Tensor"""
    dtype = dtype_of(self, other)
    common = dtype if dtype in FLOATS else FLOAT
    return op.Div(cast(self, common), cast(other, common))


def _signs_differ(a: Value, b: Value, dtype: ir.DataType) -> Value:
    zero = number(0, dtype)
    return op.Xor(op.Less(a, zero), op.Less(b, zero))


def _floor_divided_ints(a: Value, b: Value) -> Value:
    """ONNX divides integers towards zero; torch one step further down when the signs differ and a rest is left."""
    quotient = op.Div(a, b)
    rest = op.Not(op.Equal(op.Mul(quotient, b), a))
    return op.Sub(quotient, cast(op.And(rest, _signs_differ(a, b, a.dtype)), a.dtype))


def _floor_divided_floats(a: Value, b: Value, exact: bool) -> Value:
    """By way of the rest, as torch: 1.0 // 0.1 is 9, though 1.0 / 0.1 rounds to 10."""
    if exact:
        return op.Floor(op.Div(a, b))
    zero = number(0.0, a.dtype)
    rest = op.Mod(a, b, fmod=1)
    quotient = op.Div(op.Sub(a, rest), b)
    down = op.And(op.Not(op.Equal(rest, zero)), op.Xor(op.Less(rest, zero), op.Less(b, zero)))
    stepped = op.Where(down, op.Sub(quotient, number(1.0, a.dtype)), quotient)
    return op.Where(op.Equal(b, zero), op.Div(a, b), op.Floor(op.Add(stepped, number(0.5, a.dtype))))


def _is_power_of_two(value: Any) -> bool:
    return isinstance(value, (int, float)) and value != 0 and math.frexp(value)[0] in (0.5, -0.5)


def floor_divided(self: Value, other: Value) -> Value:
    """Division rounded down, in the dtype of the operands."""
    dtype = dtype_of(self, other)
    a, b = cast(self, wide(dtype)), cast(other, wide(dtype))
    if dtype in FLOATS:
        return _floor_divided_floats(a, b, _is_power_of_two(other))
    return cast(_floor_divided_ints(a, b), dtype)


@onnx_function("aten::floor_divide", "aten::floor_divide.Scalar")
def floor_divide(self: TTensor, other: TTensor) -> TTensor:
    """floor_divide(Tensor self, Tensor other) -> Tensor"""
    return floor_divided(self, other)


@onnx_function(
    "aten::div.Tensor_mode", "aten::div.Scalar_mode", "aten::divide.Tensor_mode", "aten::divide.Scalar_mode"
)  # fmt: skip
def div_mode(self: TReal, other: TReal, rounding_mode: str | None = None) -> TReal:
    """div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor"""
    if rounding_mode is None:
        return div.func(self, other)
    if rounding_mode == "floor":
        return floor_divided(self, other)
    dtype = dtype_of(self, other)
    quotient = op.Div(cast(self, wide(dtype)), cast(other, wide(dtype)))
    if dtype not in FLOATS:
        return cast(quotient, dtype)
    return op.Where(op.Less(quotient, number(0.0, dtype)), op.Ceil(quotient), op.Floor(quotient))


@onnx_function("aten::remainder.Tensor", "aten::remainder.Scalar", "aten::remainder.Scalar_Tensor", "prims::remainder")
def remainder(self: TTensor, other: TTensor) -> TTensor:
    """remainder.Tensor(Tensor self, Tensor other) -> Tensor; with the sign of the divisor"""
    dtype = dtype_of(self, other)
    if dtype not in FLOATS:
        return computed(lambda a, b: op.Mod(a, b, fmod=0), self, other)
    a, b = cast(self, dtype), cast(other, dtype)
    zero, rest = number(0.0, dtype), op.Mod(a, b, fmod=1)
    off = op.And(op.Not(op.Equal(rest, zero)), op.Xor(op.Less(rest, zero), op.Less(b, zero)))
    return op.Where(off, op.Add(rest, b), rest)


@onnx_function("aten::fmod.Tensor", "aten::fmod.Scalar")
def fmod(self: TTensor, other: TTensor) -> TTensor:
    """fmod.Tensor(Tensor self, Tensor other) -> Tensor; with the sign of the dividend"""
    return computed(lambda a, b: op.Mod(a, b, fmod=1), self, other)


@onnx_function("aten::addcmul")
def addcmul(self: TReal, tensor1: TReal, tensor2: TReal, value: TReal = 1) -> TReal:
    """addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor"""
    dtype = dtype_of(self, tensor1, tensor2)
    product = op.Mul(cast(tensor1, wide(dtype)), cast(tensor2, wide(dtype)))
    return cast(op.Add(cast(self, wide(dtype)), _with_factor(product, value, dtype)), dtype)


@onnx_function("aten::addcdiv")
def addcdiv(self: TReal, tensor1: TReal, tensor2: TReal, value: TReal = 1) -> TReal:
    """addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor"""
    dtype = dtype_of(self, tensor1, tensor2)
    numerator = _with_factor(tensor1, value, dtype)
    return op.Add(cast(self, dtype), op.Div(numerator, cast(tensor2, dtype)))


def _chosen(condition: Value, self: Value, other: Value) -> Value:
    """ONNX Where; of truths, and of integers without a kernel, by what stands for them."""
    dtype = dtype_of(self, other)
    if dtype is BOOL:
        a, b = cast(self, BOOL), cast(other, BOOL)
        return op.Or(op.And(condition, a), op.And(op.Not(condition), b))
    return computed(lambda a, b: op.Where(condition, a, b), self, other)


@onnx_function("aten::where.self", "aten::where.ScalarSelf", "aten::where.ScalarOther", "aten::where.Scalar")
def where(condition: Bool, self: TTensor, other: TTensor) -> TTensor:
    """where.self(Tensor condition, Tensor self, Tensor other) -> Tensor"""
    condition = cast(condition, BOOL)
    if isinstance(self, ir.Value) or isinstance(other, ir.Value):
        return _chosen(condition, self, other)
    dtype = FLOAT if isinstance(self, float) or isinstance(other, float) else INT64
    if isinstance(self, bool) and isinstance(other, bool):
        dtype = BOOL
    return _chosen(condition, number(self, dtype), number(other, dtype))


@onnx_function("aten::masked_fill.Scalar", "aten::masked_fill.Tensor")
def masked_fill(self: TTensor, mask: Bool, value: TTensor) -> TTensor:
    """masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor"""
    filled = cast(value, self.dtype)
    return _chosen(cast(mask, BOOL), filled, self)


def _larger(operator: str, self: Value, other: Value) -> Value:
    dtype = dtype_of(self, other)
    if dtype is BOOL:
        return (op.Or if operator == "Max" else op.And)(cast(self, BOOL), cast(other, BOOL))
    return computed(getattr(op, operator), self, other)


@onnx_function("aten::maximum", "aten::max.other")
def maximum(self: TReal, other: TReal) -> TReal:
    """maximum(Tensor self, Tensor other) -> Tensor"""
    return _larger("Max", self, other)


@onnx_function("aten::minimum", "aten::min.other")
def minimum(self: TReal, other: TReal) -> TReal:
    """minimum(Tensor self, Tensor other) -> Tensor"""
    return _larger("Min", self, other)


def _ignoring_nan(operator: str, self: Value, other: Value) -> Value:
    if not is_float(self):
        return _larger(operator, self, other)
    extreme = getattr(op, operator)(self, other)
    return op.Where(op.IsNaN(self), other, op.Where(op.IsNaN(other), self, extreme))


@onnx_function("aten::fmax")
def fmax(self: TReal, other: TReal) -> TReal:
    """fmax(Tensor self, Tensor other) -> Tensor"""
    return _ignoring_nan("Max", self, other)


@onnx_function("aten::fmin")
def fmin(self: TReal, other: TReal) -> TReal:
    """fmin(Tensor self, Tensor other) -> Tensor"""
    return _ignoring_nan("Min", self, other)


@onnx_function("aten::hypot")
def hypot(self: TReal, other: TReal) -> TReal:
    """hypot(Tensor self, Tensor other) -> Tensor; scaled by the larger one, so that squares do not overflow"""
    a, b = op.Abs(self), op.Abs(other)
    large, small = op.Max(a, b), op.Min(a, b)
    ratio = op.Div(small, op.Where(op.Equal(large, number(0.0, self.dtype)), number(1.0, self.dtype), large))
    length = op.Mul(large, op.Sqrt(op.Add(number(1.0, self.dtype), op.Mul(ratio, ratio))))
    return op.Where(op.IsInf(large), large, length)


def _is_negative(x: Value) -> Value:
    """The sign bit: of minus zero too, whose inverse is minus infinity."""
    zero = number(0.0, x.dtype)
    inverse = op.Div(number(1.0, x.dtype), x)
    return op.Or(op.Less(x, zero), op.And(op.Equal(x, zero), op.Less(inverse, zero)))


@onnx_function("aten::copysign.Tensor", "aten::copysign.Scalar")
def copysign(self: TReal, other: TReal) -> TReal:
    """copysign.Tensor(Tensor self, Tensor other) -> Tensor"""
    dtype = dtype_of(self, other)
    dtype = dtype if dtype in FLOATS else FLOAT
    size = op.Abs(cast(self, dtype))
    if not isinstance(other, ir.Value):
        return op.Neg(size) if math.copysign(1.0, other) < 0 else size
    return op.Where(_is_negative(cast(other, dtype)), op.Neg(size), size)


@onnx_function("aten::atan2")
def atan2(self: TReal, other: TReal) -> TReal:
    """atan2(Tensor self, Tensor other) -> Tensor"""
    dtype = dtype_of(self, other)
    dtype = dtype if dtype in FLOATS else FLOAT
    y, x = cast(self, dtype), cast(other, dtype)
    zero, half_turn = number(0.0, dtype), number(math.pi, dtype)
    upright = op.Equal(x, zero)
    slope = op.Div(y, op.Where(upright, number(1.0, dtype), x))
    angle = op.Where(upright, op.Mul(op.Sign(y), number(math.pi / 2, dtype)), op.Atan(slope))
    turned = op.Where(_is_negative(y), op.Sub(angle, half_turn), op.Add(angle, half_turn))
    return op.Where(op.Less(x, zero), turned, angle)


def _both_truths(operator: str, self: Value, other: Value) -> Value:
    return getattr(op, operator)(cast(self, BOOL), cast(other, BOOL))


@onnx_function("aten::logical_and")
def logical_and(self: TTensor, other: TTensor) -> Bool:
    """logical_and(Tensor self, Tensor other) -> Tensor"""
    return _both_truths("And", self, other)


@onnx_function("aten::logical_or")
def logical_or(self: TTensor, other: TTensor) -> Bool:
    """logical_or(Tensor self, Tensor other) -> Tensor"""
    return _both_truths("Or", self, other)


@onnx_function("aten::logical_xor")
def logical_xor(self: TTensor, other: TTensor) -> Bool:
    """logical_xor(Tensor self, Tensor other) -> Tensor"""
    return _both_truths("Xor", self, other)


@onnx_function("aten::logical_not")
def logical_not(self: TTensor) -> Bool:
    """logical_not(Tensor self) -> Tensor"""
    return op.Not(cast(self, BOOL))


def _clamped(self: Value, low: Value | None, high: Value | None) -> Value:
    """Between two bounds, the upper one last; NaN stays."""
    dtype = dtype_of(self)
    x = cast(self, wide(dtype))
    if low is not None:
        x = op.Max(x, cast(low, wide(dtype)))
    if high is not None:
        x = op.Min(x, cast(high, wide(dtype)))
    return op.Identity(self) if x is self else cast(x, dtype)


@onnx_function("aten::clamp", "aten::clamp.Tensor", "aten::clip", "aten::clip.Tensor")
def clamp(self: TReal, min: TReal | None = None, max: TReal | None = None) -> TReal:
    """clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor"""
    computed_bound = isinstance(min, ir.Value) or isinstance(max, ir.Value)
    if computed_bound or min is None or max is None:
        return _clamped(self, min, max)
    dtype = wide(self.dtype)
    return cast(op.Clip(cast(self, dtype), number(min, dtype), number(max, dtype)), self.dtype)


@onnx_function("aten::clamp_min", "aten::clamp_min.Tensor")
def clamp_min(self: TReal, min: TReal) -> TReal:
    """clamp_min(Tensor self, Scalar min) -> Tensor"""
    return _clamped(self, min, None)


@onnx_function("aten::clamp_max", "aten::clamp_max.Tensor")
def clamp_max(self: TReal, max: TReal) -> TReal:
    """clamp_max(Tensor self, Scalar max) -> Tensor"""
    return _clamped(self, None, max)


def _powered(base: Value, exponent: Value) -> Value:
    """ONNX Pow; small powers of integers by multiplication, since ONNX Runtime goes by way of floating point."""
    dtype = dtype_of(base, exponent)
    whole = dtype not in FLOATS and isinstance(exponent, int) and 0 < exponent <= 8
    if whole and isinstance(base, ir.Value):
        factor = cast(base, wide(dtype))
        result = factor
        for _ in range(int(exponent) - 1):
            result = op.Mul(result, factor)
        return cast(result, dtype)
    return computed(op.Pow, base, exponent)


@onnx_function("aten::pow.Tensor_Scalar", "aten::pow.Tensor_Tensor", "aten::pow.Scalar", "prims::pow")
def power(self: TReal, exponent: TReal) -> TReal:
    """pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor"""
    return _powered(self, exponent)


@onnx_function("aten::__lshift__.Tensor")
def left_shift(self: TTensor, other: TTensor) -> TTensor:
    """__lshift__.Tensor(Tensor self, Tensor other) -> Tensor"""
    return core.aten_bitwise_left_shift.func(self, other)


@onnx_function("aten::__rshift__.Tensor")
def right_shift(self: TTensor, other: TTensor) -> TTensor:
    """__rshift__.Tensor(Tensor self, Tensor other) -> Tensor"""
    return core.aten_bitwise_right_shift.func(self, other)
