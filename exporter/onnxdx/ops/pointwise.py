# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Functions of single elements that ONNX has in another form, or less exactly."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal
from onnxscript.onnx_types import BOOL as Bool

from onnxdx.ops import onnx_function
from onnxdx.ops.arithmetic import computed, wide
from onnxdx.ops.values import BOOL, FLOAT, Value, cast, constant, given_dtype, is_float, is_unsigned, number
from onnxdx.tracing.symbolic import op


def _float(x: Value) -> Value:
    return x if is_float(x) else cast(x, FLOAT)


def _small_steps(x: Value) -> Value:
    return number(1.0, x.dtype)


@onnx_function("aten::log1p", "aten::special_log1p")
def log1p(self: TFloat) -> TFloat:
    """log1p(Tensor self) -> Tensor; corrected for what 1 + x rounds off (Kahan)"""
    x = _float(self)
    one = _small_steps(x)
    above = op.Add(one, x)
    kept = op.Sub(above, one)
    tiny = op.Or(op.Equal(kept, number(0.0, x.dtype)), op.IsInf(above))
    corrected = op.Mul(op.Log(above), op.Div(x, op.Where(tiny, one, kept)))
    return op.Where(tiny, x, corrected)


@onnx_function("aten::expm1", "aten::special_expm1")
def expm1(self: TFloat) -> TFloat:
    """expm1(Tensor self) -> Tensor; 2 sinh(x/2) exp(x/2), which loses nothing near zero"""
    x = _float(self)
    half = op.Mul(x, number(0.5, x.dtype))
    exact = op.Mul(op.Mul(number(2.0, x.dtype), op.Sinh(half)), op.Exp(half))
    near = op.Less(op.Abs(x), number(0.5, x.dtype))
    return op.Where(near, exact, op.Sub(op.Exp(x), number(1.0, x.dtype)))


@onnx_function("aten::log_sigmoid_forward")
def log_sigmoid_forward(self: TFloat) -> tuple[TFloat, TFloat]:
    """log_sigmoid_forward(Tensor self) -> (Tensor output, Tensor buffer); the buffer is for the backward pass"""
    return op.Neg(op.Softplus(op.Neg(self))), constant([], self.dtype)


@onnx_function("aten::log_sigmoid")
def log_sigmoid(self: TFloat) -> TFloat:
    """log_sigmoid(Tensor self) -> Tensor"""
    return op.Neg(op.Softplus(op.Neg(self)))


@onnx_function("aten::softplus")
def softplus(self: TFloat, beta: float = 1.0, threshold: float = 20.0) -> TFloat:
    """softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor"""
    if beta == 0:
        raise NotImplementedError("softplus with beta 0")
    scaled = self if beta == 1 else op.Mul(self, number(float(beta), self.dtype))
    soft = op.Softplus(scaled)
    soft = soft if beta == 1 else op.Div(soft, number(float(beta), self.dtype))
    return op.Where(op.Greater(scaled, number(float(threshold), self.dtype)), self, soft)


@onnx_function("aten::softshrink")
def softshrink(self: TFloat, lambd: float = 0.5) -> TFloat:
    """softshrink(Tensor self, Scalar lambd=0.5) -> Tensor"""
    limit, zero = number(float(lambd), self.dtype), number(0.0, self.dtype)
    above, below = op.Greater(self, limit), op.Less(self, number(-float(lambd), self.dtype))
    return op.Where(above, op.Sub(self, limit), op.Where(below, op.Add(self, limit), op.Mul(self, zero)))


@onnx_function("aten::hardshrink")
def hardshrink(self: TFloat, lambd: float = 0.5) -> TFloat:
    """hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor"""
    within = op.LessOrEqual(op.Abs(self), number(float(lambd), self.dtype))
    return op.Where(within, number(0.0, self.dtype), self)


@onnx_function("aten::threshold")
def threshold(self: TReal, threshold: float, value: float) -> TReal:
    """threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor"""
    return op.Where(op.LessOrEqual(self, number(threshold, self.dtype)), number(value, self.dtype), self)


@onnx_function("aten::rrelu")
def rrelu(self: TFloat, lower: float = 0.125, upper: float = 1.0 / 3, training: bool = False) -> TFloat:
    """rrelu(Tensor self, Scalar lower=0.125, Scalar upper=0.3333333333333333, bool training=False, Generator? generator=None) -> Tensor"""
    if training:
        raise NotImplementedError("rrelu in training mode")
    return op.LeakyRelu(self, alpha=(lower + upper) / 2)


@onnx_function("aten::exp2", "aten::special_exp2")
def exp2(self: TFloat) -> TFloat:
    """exp2(Tensor self) -> Tensor"""
    x = _float(self)
    return op.Pow(number(2.0, x.dtype), x)


@onnx_function("aten::signbit")
def signbit(self: TReal) -> Bool:
    """signbit(Tensor self) -> Tensor"""
    if is_unsigned(self) or self.dtype is BOOL:
        return op.Expand(number(False, BOOL), op.Shape(self))
    zero = number(0, self.dtype)
    if not is_float(self):
        return op.Less(cast(self, wide(self.dtype)), number(0, wide(self.dtype)))
    minus_zero = op.And(op.Equal(self, zero), op.Less(op.Div(number(1.0, self.dtype), self), zero))
    return op.Or(op.Less(self, zero), minus_zero)


@onnx_function("aten::frac")
def frac(self: TFloat) -> TFloat:
    """frac(Tensor self) -> Tensor"""
    return op.Mod(self, number(1.0, self.dtype), fmod=1)


@onnx_function("aten::trunc", "aten::fix")
def trunc(self: TReal) -> TReal:
    """trunc(Tensor self) -> Tensor"""
    if not is_float(self):
        return op.Identity(self)
    return op.Where(op.Less(self, number(0.0, self.dtype)), op.Ceil(self), op.Floor(self))


@onnx_function("aten::ceil")
def ceil(self: TReal) -> TReal:
    """ceil(Tensor self) -> Tensor"""
    return op.Ceil(self) if is_float(self) else op.Identity(self)


@onnx_function("aten::floor")
def floor(self: TReal) -> TReal:
    """floor(Tensor self) -> Tensor"""
    return op.Floor(self) if is_float(self) else op.Identity(self)


@onnx_function("aten::round")
def round_half_even(self: TReal) -> TReal:
    """round(Tensor self) -> Tensor; halves to even, as ONNX does"""
    return op.Round(self) if is_float(self) else op.Identity(self)


@onnx_function("aten::nan_to_num")
def nan_to_num(
    self: TReal, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> TReal:
    """nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor"""
    if not is_float(self):
        return op.Identity(self)
    largest = _largest(self.dtype)
    high = number(largest if posinf is None else posinf, self.dtype)
    low = number(-largest if neginf is None else neginf, self.dtype)
    x = op.Where(op.IsNaN(self), number(nan or 0.0, self.dtype), self)
    x = op.Where(op.IsInf(self, detect_negative=0), high, x)
    return op.Where(op.IsInf(self, detect_positive=0), low, x)


def _largest(dtype: ir.DataType) -> float:
    if dtype is ir.DataType.BFLOAT16:
        return 3.3895313892515355e38
    return float(np.finfo(dtype.numpy()).max)


@onnx_function("aten::isinf")
def isinf(self: TReal) -> Bool:
    """isinf(Tensor self) -> Tensor"""
    return op.IsInf(self) if is_float(self) else op.Expand(number(False, BOOL), op.Shape(self))


@onnx_function("aten::isnan")
def isnan(self: TReal) -> Bool:
    """isnan(Tensor self) -> Tensor"""
    return op.IsNaN(self) if is_float(self) else op.Expand(number(False, BOOL), op.Shape(self))


@onnx_function("aten::isfinite")
def isfinite(self: TReal) -> Bool:
    """isfinite(Tensor self) -> Tensor"""
    if not is_float(self):
        return op.Expand(number(True, BOOL), op.Shape(self))
    return op.Not(op.Or(op.IsInf(self), op.IsNaN(self)))


_GILES_NEAR = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
    0.246640727, 1.50140941,
)  # fmt: skip
_GILES_FAR = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
    1.00167406, 2.83297682,
)  # fmt: skip


def _polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    result = number(coefficients[0], x.dtype)
    for coefficient in coefficients[1:]:
        result = op.Add(number(coefficient, x.dtype), op.Mul(result, x))
    return result


@onnx_function("aten::erfinv", "aten::special_erfinv")
def erfinv(self: TFloat) -> TFloat:
    """erfinv(Tensor self) -> Tensor; M. Giles, "Approximating the erfinv function" (2012), accurate in single precision"""
    if self.dtype is ir.DataType.DOUBLE:
        raise NotImplementedError("erfinv in double precision")
    x = cast(self, FLOAT)
    one = number(1.0, FLOAT)
    w = op.Neg(op.Log(op.Mul(op.Sub(one, x), op.Add(one, x))))
    near = _polynomial(op.Sub(w, number(2.5, FLOAT)), _GILES_NEAR)
    far = _polynomial(op.Sub(op.Sqrt(op.Max(w, number(0.0, FLOAT))), number(3.0, FLOAT)), _GILES_FAR)
    inside = op.Mul(op.Where(op.Less(w, number(5.0, FLOAT)), near, far), x)
    edge = op.Equal(op.Abs(x), one)
    return op.Where(edge, op.Mul(op.Sign(x), number(math.inf, FLOAT)), inside)


@onnx_function("aten::softmax.int", "aten::special_softmax")
def softmax(self: TFloat, dim: int, dtype: int = -1) -> TFloat:
    """softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor"""
    return _softened(self, dim, dtype, "Softmax")


@onnx_function("aten::log_softmax.int", "aten::special_log_softmax")
def log_softmax(self: TFloat, dim: int, dtype: int = -1) -> TFloat:
    """log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor"""
    return _softened(self, dim, dtype, "LogSoftmax")


def _softened(self: Value, dim: int, dtype: int | None, operator: str) -> Value:
    """In the dtype that was asked for, before the exponential."""
    x = _float(cast(self, given_dtype(dtype) or self.dtype))
    if len(self.shape) == 0:
        return op.Squeeze(getattr(op, operator)(op.Unsqueeze(x, [0]), axis=0), [0])
    return getattr(op, operator)(x, axis=dim)


@onnx_function("aten::relu")
def relu(self: TReal) -> TReal:
    """relu(Tensor self) -> Tensor"""
    return op.Relu(self) if is_float(self) else computed(op.Max, self, 0)
