"""Arithmetic of two operands in every dtype."""

from __future__ import annotations

import pytest
import torch

X, Y = torch.randn(3, 4), torch.randn(3, 4)
A = torch.tensor([[-7, 7, -8, 8], [3, -3, 0, 1], [5, -6, 9, -2]])
B = torch.tensor([[2, -2, 3, -3], [-5, 5, 7, -1], [4, 4, -4, -4]])
LARGE = torch.tensor([2**53 + 1, -(2**53) - 1, 2**62 + 3])
TRUTHS = X > 0
BYTES = torch.tensor([250, 3, 128, 7], dtype=torch.uint8)
TENTHS = torch.tensor([1.0, -1.0, 0.3, 7.5, -0.0])

PROGRAMS = {
    "add": (lambda a, b: (a + b, a + 2, 1.5 + a, a.add(b, alpha=3)), A, B),
    "add-truths": (lambda m, a: (m + m, m + a, m + 1, m + 0.5), TRUTHS, X),
    "add-bytes": (lambda b: (b + b, b * 3, b - 100, b // 7, b % 7, 255 - b), BYTES),
    "add-int8": (lambda a: (a.to(torch.int8) + 127, a.to(torch.int16) * a.to(torch.int16)), A),
    "sub": (lambda a, b: (a - b, 5 - a, a.sub(b, alpha=2), torch.rsub(a, b)), A, B),
    "mul": (lambda a, b: (a * b, a * 2, a * 0.5, True * a), A, B),
    "mul-truths": (lambda m, x: (m * m, m * x, m * 3), TRUTHS, X),
    "div": (lambda a, b: (a / b, a / 2, 1 / b, a.float() / 3), A, B),
    "div-truths": (lambda m: m / 2, TRUTHS),
    "floor-divide": (lambda a, b: (a // b, a // 3, a // -3, torch.div(a, b, rounding_mode="trunc")), A, B),
    "floor-divide-large": (lambda a: (a // 3, a // 2, torch.div(a, 7, rounding_mode="trunc"), a % 10), LARGE),
    "floor-divide-floats": (lambda x: (x // 0.1, x // 2, x // -0.3, torch.div(x, 0.1, rounding_mode="trunc")), TENTHS),
    "floor-divide-by-zero": (lambda x: x // torch.zeros(5), TENTHS),
    "remainder": (lambda a, b: (a % b, a % 3, a % -3, torch.fmod(a, b), torch.fmod(a, 3)), A, B),
    "remainder-floats": (lambda x: (x % 0.1, x % -0.7, torch.fmod(x, 0.7), torch.remainder(5.0, x + 0.2)), TENTHS),
    "remainder-mixed": (lambda a: (a % 2.5, torch.fmod(a, 2.5)), A),
    "pow": (lambda x, a: (x**2, x.abs() ** 0.5, 2**x, a**2, a**3, 2.0**a, x.abs() ** x), X, A),
    "float-power": (lambda a: (torch.float_power(a, 2), a.float() ** -1), A.abs() + 1),
    "scalar-of-a-size": (lambda x: (x * x.shape[0], x + x.shape[1], x / x.shape[0], x.long() // x.shape[1]), X),
    "addcmul": (lambda x, y: (x.addcmul(x, y, value=2), x.addcdiv(x, y, value=0.5)), X, Y),
    "addcmul-ints": (lambda a, b: a.addcmul(a, b, value=3), A, B),
    "lerp": (lambda x, y: (x.lerp(y, 0.3), x.lerp(y, y)), X, Y),
    "where": (
        lambda m, x, a: (torch.where(m, x, 0.0), torch.where(m, a, 1), torch.where(m, x, a), torch.where(m, 1.0, 0.0)),
        TRUTHS,
        X,
        A,
    ),
    "where-truths": (
        lambda m, x: (torch.where(m, x > 1, m), torch.where(m, True, x < 0), m.masked_fill(x > 1, False)),
        TRUTHS,
        X,
    ),
    "where-bytes": (lambda b: torch.where(b > 5, b, 0), BYTES),
    "maximum": (lambda x, y: (torch.maximum(x, y), torch.minimum(x, y), torch.max(x, y), torch.fmax(x, y)), X, Y),
    "greater-of-two-dtypes": (lambda x, b: (torch.greater(x, b), torch.less_equal(b, x), torch.less(x, 0)), X, BYTES),
    "maximum-truths": (lambda m, x: (torch.maximum(m, x > 1), torch.minimum(m, x > 1)), TRUTHS, X),
    "maximum-bytes": (lambda b: torch.maximum(b, b.flip(0)), BYTES),
    "fmax-nan": (lambda x: (torch.fmax(x, 1 - x), torch.fmin(x, x.flip(0))), torch.tensor([1.0, float("nan"), 3.0])),
    "clamp": (lambda x: (x.clamp(-0.5, 0.5), x.clamp(min=0), x.clamp(max=0.3), x.clamp_min(0.1)), X),
    "clamp-ints": (lambda a: (a.clamp(0, 5), a.clamp(0.5), a.to(torch.int8).clamp(-2, 2), a.clamp(max=3)), A),
    "clamp-tensors": (lambda x, y: (x.clamp(y, y + 1), x.clamp(max=y)), X, Y),
    "hypot": (lambda x, y: torch.hypot(x, y), X * 1e20, Y * 1e20),
    "copysign": (lambda x, y: (torch.copysign(x, y), torch.copysign(x, -2.0), torch.copysign(x, -0.0)), X, Y),
    "atan2": (
        lambda x, y: torch.atan2(x, y),
        torch.tensor([1.0, -1.0, 0.0, 2.0, -3.0]),
        torch.tensor([-1.0, -1.0, -1.0, 0.0, 2.0]),
    ),
    "xlogy": (lambda x: (torch.xlogy(x, x + 1), torch.special.xlog1py(x, x)), torch.tensor([0.0, 1.0, 2.5])),
    "heaviside": (lambda x: torch.heaviside(x, torch.tensor(0.5)), torch.tensor([-1.0, 0.0, 2.0])),
    "bitwise": (lambda a, b: (a & b, a | b, a ^ b, ~a, a & 3, a << 2, a >> 1), A, B),
    "bitwise-truths": (lambda m, x: (m & (x > 1), m | (x > 1), m ^ (x > 1), ~m), TRUTHS, X),
    "logical": (
        lambda a, x: (
            torch.logical_and(a, x),
            torch.logical_or(a, x > 0),
            torch.logical_xor(a, x),
            torch.logical_not(a),
        ),
        A,
        X,
    ),
    "compare": (
        lambda a, x: (a == x, a != 0, a < x, a >= 2.5, x > a, a <= 3, (a > 0) == (x > 0), (x > 0) < True),
        A,
        X,
    ),
    "isclose": (lambda x, y: (torch.isclose(x, y, atol=0.5), torch.isclose(x, x)), X, Y),
    "sign": (lambda x, a: (x.sign(), a.sign(), x.sgn(), torch.signbit(x), x.neg(), a.abs(), -a), X, A),
    "logaddexp": (lambda x, y: (torch.logaddexp(x, y), torch.logaddexp2(x, y)), X, Y),
    "gcd-free-scalars": (lambda x: (torch.add(x, 1), torch.mul(x, True), x + torch.tensor(2)), X),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_computes_as_torch(case, proven):
    proven(*case)
