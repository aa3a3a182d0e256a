# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Orthogonal polynomials of a degree that is a tensor: closed forms, and recurrences up to the highest degree."""

from __future__ import annotations

import onnx_ir as ir
from onnxscript import script

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _degree(n, x):
    """The degree as a whole number of the dtype of `x`."""
    return op.CastLike(op.Cast(n, to=ir.DataType.INT64), x)


def _angle(x):
    """t with |x| = cos(t) inside of [-1, 1] and |x| = cosh(t) outside; and whether it is inside."""
    size = op.Abs(x)
    inside = op.LessOrEqual(size, 1.0)
    outside = op.Max(size, 1.0)
    growth = op.Log(op.Add(outside, op.Sqrt(op.Sub(op.Mul(outside, outside), 1.0))))
    return op.Where(inside, op.Acos(op.Min(size, 1.0)), growth), inside


def _sign(x, odd):
    """-1 where `x` is negative and `odd` is true, else 1."""
    return op.Where(op.And(op.Less(x, 0.0), odd), -1.0, op.CastLike(1.0, x))


def _hyperbolic_cosine(t):
    return op.Mul(op.Add(op.Exp(t), op.Exp(op.Neg(t))), 0.5)


def _hyperbolic_sine(t):
    return op.Mul(op.Sub(op.Exp(t), op.Exp(op.Neg(t))), 0.5)


def _from_degree_0(value, n):
    return op.Where(op.Less(n, 0.0), op.CastLike(0.0, value), value)


def _odd(n):
    return op.Equal(op.Mod(op.Abs(n), 2.0, fmod=1), 1.0)


def _first_kind(x, n):
    angle, inside = _angle(x)
    turned = op.Mul(n, angle)
    value = op.Where(inside, op.Cos(turned), _hyperbolic_cosine(turned))
    return _from_degree_0(op.Mul(_sign(x, _odd(n)), value), n)


def _second_kind(x, n):
    angle, inside = _angle(x)
    next_degree = op.Add(n, 1.0)
    turned = op.Mul(next_degree, angle)
    over = op.Where(inside, op.Sin(turned), _hyperbolic_sine(turned))
    under = op.Where(inside, op.Sin(angle), _hyperbolic_sine(angle))
    value = op.Where(op.Equal(under, 0.0), next_degree, op.Div(over, under))
    return _from_degree_0(op.Mul(_sign(x, _odd(n)), value), n)


@composition("aten::special_chebyshev_polynomial_t")
def special_chebyshev_polynomial_t(x, n):
    """T_n(cos t) = cos(n t), and T_n(cosh t) = cosh(n t) outside of [-1, 1]."""
    return _first_kind(x, _degree(n, x))


@composition("aten::special_chebyshev_polynomial_u")
def special_chebyshev_polynomial_u(x, n):
    """U_n(cos t) = sin((n + 1) t) / sin(t), and the same with sinh outside of [-1, 1]."""
    return _second_kind(x, _degree(n, x))


@composition("aten::special_chebyshev_polynomial_v")
def special_chebyshev_polynomial_v(x, n):
    """V_n = U_n - U_(n-1), with U_n(cos t) = sin((n + 1) t) / sin(t)."""
    degree = _degree(n, x)
    return op.Sub(_second_kind(x, degree), _second_kind(x, op.Sub(degree, 1.0)))


@composition("aten::special_chebyshev_polynomial_w")
def special_chebyshev_polynomial_w(x, n):
    """W_n = U_n + U_(n-1), with U_n(cos t) = sin((n + 1) t) / sin(t)."""
    degree = _degree(n, x)
    return op.Add(_second_kind(x, degree), _second_kind(x, op.Sub(degree, 1.0)))


def _shifted(x):
    return op.Sub(op.Add(x, x), 1.0)


@composition("aten::special_shifted_chebyshev_polynomial_t")
def special_shifted_chebyshev_polynomial_t(x, n):
    """T_n(2 x - 1), with T_n(cos t) = cos(n t)."""
    return _first_kind(_shifted(x), _degree(n, x))


@composition("aten::special_shifted_chebyshev_polynomial_u")
def special_shifted_chebyshev_polynomial_u(x, n):
    """U_n(2 x - 1), with U_n(cos t) = sin((n + 1) t) / sin(t)."""
    return _second_kind(_shifted(x), _degree(n, x))


@composition("aten::special_shifted_chebyshev_polynomial_v")
def special_shifted_chebyshev_polynomial_v(x, n):
    """V_n(2 x - 1), with V_n = U_n - U_(n-1)."""
    degree, shifted = _degree(n, x), _shifted(x)
    return op.Sub(_second_kind(shifted, degree), _second_kind(shifted, op.Sub(degree, 1.0)))


@composition("aten::special_shifted_chebyshev_polynomial_w")
def special_shifted_chebyshev_polynomial_w(x, n):
    """W_n(2 x - 1), with W_n = U_n + U_(n-1)."""
    degree, shifted = _degree(n, x), _shifted(x)
    return op.Add(_second_kind(shifted, degree), _second_kind(shifted, op.Sub(degree, 1.0)))


@script(default_opset=op)
def _recurrence(one, slope, constant, step, degree, divided):
    """p_(k+1) = ((slope + k constant) p_k - k step p_(k-1)) / (1 + k divided), as far as each element's degree."""
    steps = op.Cast(op.ReduceMax(degree, keepdims=0), to=7)
    before = one - one
    value = one
    for k in range(steps):
        at = op.CastLike(k, one)
        following = ((slope + at * constant) * value - at * step * before) / (1.0 + at * divided)
        goes_on = op.Less(at, degree)
        before = op.Where(goes_on, value, before)
        value = op.Where(goes_on, following, value)
    return value


def _polynomial(x, n, slope, constant, step, divided):
    one = op.CastLike(1.0, x)
    shape = op.Shape(op.Add(x, n))
    degree = op.Expand(n, shape)
    value = _recurrence(
        op.Expand(one, shape),
        op.Expand(slope, shape),
        op.Expand(constant, shape),
        op.CastLike(step, x),
        degree,
        divided,
    )
    return _from_degree_0(value, degree)


@composition("aten::special_hermite_polynomial_h")
def special_hermite_polynomial_h(x, n):
    """The recurrence H_(k+1) = 2 x H_k - 2 k H_(k-1), in a loop up to the highest degree."""
    zero = op.CastLike(0.0, x)
    return _polynomial(x, _degree(n, x), op.Add(x, x), zero, 2.0, zero)


@composition("aten::special_hermite_polynomial_he")
def special_hermite_polynomial_he(x, n):
    """The recurrence He_(k+1) = x He_k - k He_(k-1), in a loop up to the highest degree."""
    zero = op.CastLike(0.0, x)
    return _polynomial(x, _degree(n, x), x, zero, 1.0, zero)


@composition("aten::special_laguerre_polynomial_l")
def special_laguerre_polynomial_l(x, n):
    """The recurrence (k + 1) L_(k+1) = (2 k + 1 - x) L_k - k L_(k-1), in a loop up to the highest degree."""
    return _polynomial(x, _degree(n, x), op.Sub(1.0, x), op.CastLike(2.0, x), 1.0, op.CastLike(1.0, x))


@composition("aten::special_legendre_polynomial_p")
def special_legendre_polynomial_p(x, n):
    """The recurrence (k + 1) P_(k+1) = (2 k + 1) x P_k - k P_(k-1), in a loop up to the highest degree."""
    return _polynomial(x, _degree(n, x), x, op.Add(x, x), 1.0, op.CastLike(1.0, x))
