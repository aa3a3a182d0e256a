"""Elementary functions of complex numbers by those of their parts, where these neither cancel nor overflow."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from onnxdx.fixes.operators.formulas import formula


@formula("aten::cosh")
def cosh(z: Tensor) -> Tensor:
    return torch.complex(z.real.cosh() * z.imag.cos(), z.real.sinh() * z.imag.sin())


@formula("aten::sinh")
def sinh(z: Tensor) -> Tensor:
    return torch.complex(z.real.sinh() * z.imag.cos(), z.real.cosh() * z.imag.sin())


@formula("aten::cos")
def cos(z: Tensor) -> Tensor:
    return torch.complex(z.real.cos() * z.imag.cosh(), -z.real.sin() * z.imag.sinh())


@formula("aten::sin")
def sin(z: Tensor) -> Tensor:
    return torch.complex(z.real.sin() * z.imag.cosh(), z.real.cos() * z.imag.sinh())


@formula("aten::tanh")
def tanh(z: Tensor) -> Tensor:
    return torch.complex(*_tanh(z.real, z.imag))


@formula("aten::tan")
def tan(z: Tensor) -> Tensor:
    real, imag = _tanh(-z.imag, z.real)
    return torch.complex(imag, -real)


def _tanh(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    t, cosine, sine = a.tanh(), b.cos(), b.sin()
    below = cosine * cosine + t * t * sine * sine
    return t / below, sine * cosine / (a.cosh() * a.cosh() * below)


@formula("aten::sigmoid")
def sigmoid(z: Tensor) -> Tensor:
    real, imag = _tanh(z.real / 2, z.imag / 2)
    return torch.complex((real + 1) / 2, imag / 2)


@formula("aten::silu")
def silu(z: Tensor) -> Tensor:
    return z * sigmoid(z)


@formula("aten::exp2")
def exp2(z: Tensor) -> Tensor:
    return torch.exp(z * math.log(2))


@formula("aten::expm1")
def expm1(z: Tensor) -> Tensor:
    half = (z.imag / 2).sin()
    return torch.complex(z.real.expm1() * z.imag.cos() - 2 * half * half, z.real.exp() * z.imag.sin())


@formula("aten::log1p")
def log1p(z: Tensor) -> Tensor:
    a, b = z.real, z.imag
    return torch.complex((a * (a + 2) + b * b).log1p() / 2, torch.atan2(b, a + 1))


@formula("aten::log2")
def log2(z: Tensor) -> Tensor:
    return _in_base(z, 2)


@formula("aten::log10")
def log10(z: Tensor) -> Tensor:
    return _in_base(z, 10)


def _in_base(z: Tensor, base: int) -> Tensor:
    return torch.complex(z.abs().log() / math.log(base), z.angle() / math.log(base))


@formula("aten::rsqrt")
def rsqrt(z: Tensor) -> Tensor:
    inverse = z.sqrt().reciprocal()
    return torch.complex(torch.where(z == 0, math.inf, inverse.real), inverse.imag)


@formula("aten::sqrt")
def sqrt(z: Tensor) -> Tensor:
    return _sqrt(z)


def _sqrt(z: Tensor) -> Tensor:
    """The larger part by the mean of the length and the real part, the other one from it."""
    large = ((z.real.abs() + z.abs()) / 2).sqrt()
    small = z.imag / torch.where(large == 0, torch.ones_like(large), 2 * large)
    left = z.real < 0
    signed = torch.where(z.imag < 0, -large, large)
    return torch.complex(torch.where(left, small.abs(), large), torch.where(left, signed, small))


@formula("aten::asin")
def asin(z: Tensor) -> Tensor:
    return torch.complex(*_asin(z))


@formula("aten::asinh")
def asinh(z: Tensor) -> Tensor:
    real, imag = _asin(torch.complex(-z.imag, z.real))
    return torch.complex(imag, -real)


def _asin(z: Tensor) -> tuple[Tensor, Tensor]:
    """After W. Kahan, "Branch cuts for complex elementary functions" (1987), as are those below."""
    low, high = _sqrt(1 - z), _sqrt(1 + z)
    return torch.atan2(z.real, _real_of_product(low, high)), (low.real * high.imag - low.imag * high.real).asinh()


def _real_of_product(one: Tensor, other: Tensor) -> Tensor:
    return one.real * other.real - one.imag * other.imag


@formula("aten::acos")
def acos(z: Tensor) -> Tensor:
    low, high = _sqrt(1 - z), _sqrt(1 + z)
    imag = (high.real * low.imag - high.imag * low.real).asinh()
    return torch.complex(2 * torch.atan2(low.real, high.real), imag)


@formula("aten::acosh")
def acosh(z: Tensor) -> Tensor:
    low, high = _sqrt(z - 1), _sqrt(z + 1)
    real = (low.real * high.real + low.imag * high.imag).asinh()
    return torch.complex(real, 2 * torch.atan2(low.imag, high.real))


@formula("aten::atanh")
def atanh(z: Tensor) -> Tensor:
    return torch.complex(*_atanh(z.real, z.imag))


@formula("aten::atan")
def atan(z: Tensor) -> Tensor:
    real, imag = _atanh(-z.imag, z.real)
    return torch.complex(imag, -real)


def _atanh(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    real = (4 * a / ((1 - a) * (1 - a) + b * b)).log1p() / 4
    return real, torch.atan2(2 * b, (1 - a) * (1 + a) - b * b) / 2


@formula("aten::sinc")
def sinc(z: Tensor) -> Tensor:
    turned = z * math.pi
    zero = z == 0
    return torch.where(zero, torch.ones_like(z), sin(turned) / torch.where(zero, torch.ones_like(z), turned))


@formula("aten::pow.Tensor_Tensor", "aten::float_power.Tensor_Tensor", "prims::pow")
def pow_(base: Tensor, exponent: Tensor) -> Tensor:
    """By logarithms; of 0 it is 0 where the exponent has a positive real part, as torch has it."""
    wide = torch.promote_types(base.dtype, exponent.dtype)
    base, exponent = base.to(wide), exponent.to(wide)
    zero = base == 0
    raised = (torch.where(zero, torch.ones_like(base), base).log() * exponent).exp()
    sign = exponent.real
    real = torch.where(sign > 0, 0.0, torch.where(sign < 0, math.inf, math.nan)).to(sign.dtype)
    imag = torch.where(sign > 0, 0.0, math.nan).to(sign.dtype)
    return torch.where(zero, torch.complex(real, imag), raised)


@formula("aten::pow.Tensor_Scalar")
def pow_to_number(base: Tensor, exponent: Any) -> Tensor:
    return pow_(base, torch.full((), exponent, dtype=base.dtype))


@formula("aten::pow.Scalar")
def pow_of_number(base: Any, exponent: Tensor) -> Tensor:
    return pow_(torch.full((), base, dtype=exponent.dtype), exponent)


@formula("aten::logaddexp")
def logaddexp(one: Tensor, other: Tensor) -> Tensor:
    less = one.real < other.real
    high, low = torch.where(less, other, one), torch.where(less, one, other)
    return high + log1p((low - high).exp())
