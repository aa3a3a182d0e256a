# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Bessel and Airy functions by quadrature: a mean over angles, or a sum over a line, of what their integrals hold."""

from __future__ import annotations

import math

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _angles(count):
    """The midpoints of `count` equal parts of [0, pi]."""
    return [math.pi * (k + 0.5) / count for k in range(count)]


def _column(x):
    """`x` with a new last axis, in double precision, over which a quadrature adds up."""
    return op.Unsqueeze(op.Cast(x, to=ir.DataType.DOUBLE), [-1])


def _row(numbers):
    return op.Constant(value=ir.tensor(numbers, dtype=ir.DataType.DOUBLE))


def _mean(x):
    return op.ReduceMean(x, [-1], keepdims=0)


def _modified_first(x, order):
    """exp(-|x|) I_order(x) for order 0 or 1: the mean of exp(|x| (cos t - 1)), weighted by x sin(t)^2 for order 1."""
    angles = _angles(128)
    column = op.Abs(_column(x))
    value = op.Exp(op.Mul(column, _row([math.cos(angle) - 1 for angle in angles])))
    wide = op.Abs(op.Cast(x, to=ir.DataType.DOUBLE))
    far = op.Max(wide, 1.0)
    if order == 1:
        near = op.Mul(wide, _mean(op.Mul(value, _row([math.sin(angle) ** 2 for angle in angles]))))
        series = op.Sub(1.0, op.Div(0.375, far))
        series = op.Sub(series, op.Div(0.1171875, op.Mul(far, far)))
    else:
        near = _mean(value)
        series = op.Add(1.0, op.Div(0.125, far))
        series = op.Add(series, op.Div(0.0703125, op.Mul(far, far)))
    asymptotic = op.Div(series, op.Sqrt(op.Mul(far, 2 * math.pi)))
    result = op.Where(op.Less(wide, 500.0), near, asymptotic)
    if order == 1:
        result = op.Mul(result, op.Sign(op.Cast(x, to=ir.DataType.DOUBLE)))
    return result


def _grown(value, x):
    """`value` exp(|x|), in the dtype of `x`."""
    return op.CastLike(op.Mul(value, op.Exp(op.Abs(op.Cast(x, to=ir.DataType.DOUBLE)))), x)


@composition("aten::i0")
def i0(self):
    """The mean of exp(x cos t) over t in [0, pi], by the midpoint rule; beyond 500 the asymptotic series."""
    return _grown(_modified_first(self, 0), self)


@composition("aten::special_modified_bessel_i0")
def special_modified_bessel_i0(self):
    """The mean of exp(x cos t) over t in [0, pi], by the midpoint rule; beyond 500 the asymptotic series."""
    return _grown(_modified_first(self, 0), self)


@composition("aten::special_i0e")
def special_i0e(self):
    """The mean of exp(|x| (cos t - 1)) over t in [0, pi], by the midpoint rule; beyond 500 the asymptotic series."""
    return op.CastLike(_modified_first(self, 0), self)


@composition("aten::special_i1")
def special_i1(self):
    """x times the mean of exp(x cos t) sin(t)^2 over t in [0, pi], by the midpoint rule; beyond 500 a series."""
    return _grown(_modified_first(self, 1), self)


@composition("aten::special_modified_bessel_i1")
def special_modified_bessel_i1(self):
    """x times the mean of exp(x cos t) sin(t)^2 over t in [0, pi], by the midpoint rule; beyond 500 a series."""
    return _grown(_modified_first(self, 1), self)


@composition("aten::special_i1e")
def special_i1e(self):
    """x times the mean of exp(|x| (cos t - 1)) sin(t)^2 over t in [0, pi], by the midpoint rule; beyond 500 a series"""
    return op.CastLike(_modified_first(self, 1), self)


def _modified_second(x, order, scaled):
    """K_order(x) for order 0 or 1: the integral of exp(-x cosh t) cosh(order t) over t, by the trapezoidal rule."""
    step = 0.1
    places = [step * k for k in range(220)]
    wide = op.Cast(x, to=ir.DataType.DOUBLE)
    near = op.Max(wide, 1e-7)
    rise = _row([math.cosh(place) - 1 for place in places])
    weights = _row([step * (0.5 if k == 0 else 1.0) * math.cosh(order * place) for k, place in enumerate(places)])
    value = op.ReduceSum(op.Mul(op.Exp(op.Neg(op.Mul(op.Unsqueeze(near, [-1]), rise))), weights), [-1], keepdims=0)
    far = op.Max(wide, 1.0)
    first = op.Div((4 * order * order - 1) / 8, far)
    second = op.Div((4 * order * order - 1) * (4 * order * order - 9) / 128, op.Mul(far, far))
    series = op.Add(op.Add(1.0, first), second)
    asymptotic = op.Mul(series, op.Sqrt(op.Div(math.pi / 2, far)))
    value = op.Where(op.Less(wide, 300.0), value, asymptotic)
    if not scaled:
        value = op.Mul(value, op.Exp(op.Neg(wide)))
    value = op.Where(op.Equal(wide, 0.0), float("inf"), value)
    return op.CastLike(op.Where(op.Less(wide, 0.0), float("nan"), value), x)


@composition("aten::special_modified_bessel_k0")
def special_modified_bessel_k0(self):
    """The integral of exp(-x cosh t) over t > 0, by the trapezoidal rule; beyond 300 the asymptotic series."""
    return _modified_second(self, 0, False)


@composition("aten::special_modified_bessel_k1")
def special_modified_bessel_k1(self):
    """The integral of exp(-x cosh t) cosh t over t > 0, by the trapezoidal rule; beyond 300 the asymptotic series."""
    return _modified_second(self, 1, False)


@composition("aten::special_scaled_modified_bessel_k0")
def special_scaled_modified_bessel_k0(x):
    """The integral of exp(x (1 - cosh t)) over t > 0, by the trapezoidal rule; beyond 300 the asymptotic series."""
    return _modified_second(x, 0, True)


@composition("aten::special_scaled_modified_bessel_k1")
def special_scaled_modified_bessel_k1(x):
    """The integral of exp(x (1 - cosh t)) cosh t over t > 0, by the trapezoidal rule; beyond 300 a series."""
    return _modified_second(x, 1, True)


def _phase(x, order):
    """For large x: (P, Q, x - (order / 2 + 1 / 4) pi, sqrt(2 / (pi x))), of which J and Y are composed."""
    mu = 4 * order * order
    inverse = op.Div(1.0, x)
    square = op.Mul(inverse, inverse)
    p = op.Sub(1.0, op.Mul(square, (mu - 1) * (mu - 9) / 128))
    third = (mu - 1) * (mu - 9) * (mu - 25) / 3072
    q = op.Mul(inverse, op.Sub((mu - 1) / 8, op.Mul(square, third)))
    angle = op.Sub(x, (order / 2 + 0.25) * math.pi)
    return p, q, angle, op.Sqrt(op.Mul(inverse, 2 / math.pi))


def _sine(x):
    return op.Sin(op.Cast(x, to=ir.DataType.DOUBLE))


def _cosine(x):
    """Cosine in double precision, by the sine, which runtimes have for it."""
    return op.Sin(op.Add(op.Cast(x, to=ir.DataType.DOUBLE), math.pi / 2))


def _first(x, order):
    """J_order(x) for order 0 or 1 and x >= 0, in double precision."""
    angles = _angles(128)
    turned = op.Mul(op.Unsqueeze(x, [-1]), _row([math.sin(angle) for angle in angles]))
    if order == 0:
        near = _mean(_cosine(turned))
    else:
        near = _mean(op.Mul(_sine(turned), _row([math.sin(angle) for angle in angles])))
    p, q, angle, scale = _phase(op.Max(x, 1.0), order)
    far = op.Mul(scale, op.Sub(op.Mul(p, _cosine(angle)), op.Mul(q, _sine(angle))))
    return op.Where(op.Less(x, 100.0), near, far)


@composition("aten::special_bessel_j0")
def special_bessel_j0(self):
    """The mean of cos(x sin t) over t in [0, pi], by the midpoint rule; beyond 100 the asymptotic series."""
    return op.CastLike(_first(op.Abs(op.Cast(self, to=ir.DataType.DOUBLE)), 0), self)


@composition("aten::special_bessel_j1")
def special_bessel_j1(self):
    """The mean of sin(x sin t) sin(t) over t in [0, pi], by the midpoint rule; beyond 100 the asymptotic series."""
    wide = op.Cast(self, to=ir.DataType.DOUBLE)
    return op.CastLike(op.Mul(_first(op.Abs(wide), 1), op.Sign(wide)), self)


def _second(x, order):
    """Y_order(x) for order 0 or 1: the series of Neumann, whose J_2k are means of cos(2 k t) cos(x cos t) over t."""
    wide = op.Cast(x, to=ir.DataType.DOUBLE)
    near = op.Max(op.Min(wide, 60.0), 1e-300)
    angles = _angles(256)
    weights = [sum(math.cos(2 * k * angle) / k for k in range(1, 80)) for angle in angles]
    turned = op.Mul(op.Unsqueeze(near, [-1]), _row([math.cos(angle) for angle in angles]))
    log = op.Add(op.Log(op.Mul(near, 0.5)), 0.5772156649015329)
    if order == 0:
        rest = _mean(op.Mul(_cosine(turned), _row(weights)))
        value = op.Sub(op.Mul(log, _first(near, 0)), op.Mul(rest, 2.0))
    else:
        slopes = [math.cos(angle) * weight for angle, weight in zip(angles, weights, strict=True)]
        rest = _mean(op.Mul(_sine(turned), _row(slopes)))
        value = op.Sub(op.Mul(log, _first(near, 1)), op.Mul(rest, 2.0))
        value = op.Sub(value, op.Div(_first(near, 0), near))
    p, q, angle, scale = _phase(op.Max(wide, 1.0), order)
    far = op.Mul(scale, op.Add(op.Mul(p, _sine(angle)), op.Mul(q, _cosine(angle))))
    value = op.Where(op.Less(wide, 60.0), op.Mul(value, 2 / math.pi), far)
    value = op.Where(op.Equal(wide, 0.0), float("-inf"), value)
    return op.CastLike(op.Where(op.Less(wide, 0.0), float("nan"), value), x)


@composition("aten::special_bessel_y0")
def special_bessel_y0(self):
    """Neumann's series of J_2k, each of these a mean over angles; beyond 60 the asymptotic series."""
    return _second(self, 0)


@composition("aten::special_bessel_y1")
def special_bessel_y1(self):
    """The derivative of Neumann's series of J_2k, each of these a mean over angles; beyond 60 the asymptotic series."""
    return _second(self, 1)


@composition("aten::special_spherical_bessel_j0")
def special_spherical_bessel_j0(x):
    """sin(x) / x, which is 1 at 0 and vanishes at infinity."""
    value = op.Where(op.Equal(x, 0.0), op.CastLike(1.0, x), op.Div(op.Sin(x), x))
    return op.Where(op.IsInf(x), op.CastLike(0.0, x), value)


@composition("aten::special_airy_ai")
def special_airy_ai(x):
    """The integral of exp(i (t^3 / 3 + x t)) along a line above the real axis, by the trapezoidal rule."""
    wide = op.Cast(x, to=ir.DataType.DOUBLE)
    near = op.Max(op.Min(wide, 100.0), -9.0)
    height = op.Max(op.Sqrt(op.Max(near, 0.0)), 0.7)
    step = 0.03
    places = [step * k for k in range(260)]
    across, tall = op.Unsqueeze(near, [-1]), op.Unsqueeze(height, [-1])
    fall = op.Exp(op.Neg(op.Mul(tall, _row([place**2 for place in places]))))
    angle = op.Add(op.Mul(op.Sub(across, op.Mul(tall, tall)), _row(places)), _row([place**3 / 3 for place in places]))
    weights = _row([step / math.pi * (0.5 if k == 0 else 1.0) for k in range(260)])
    total = op.ReduceSum(op.Mul(op.Mul(fall, _cosine(angle)), weights), [-1], keepdims=0)
    cube = op.Mul(op.Mul(height, op.Mul(height, height)), 1 / 3)
    value = op.Mul(total, op.Exp(op.Sub(cube, op.Mul(near, height))))
    size = op.Max(op.Neg(wide), 1.0)
    zeta = op.Mul(op.Mul(size, op.Sqrt(size)), 2 / 3)
    square = op.Mul(zeta, zeta)
    even = op.Sub(1.0, op.Div(385 / 10368, square))
    odd = op.Sub(op.Div(5 / 72, zeta), op.Div(85085 / 2239488, op.Mul(square, zeta)))
    turned = op.Sub(zeta, math.pi / 4)
    waves = op.Add(op.Mul(_cosine(turned), even), op.Mul(_sine(turned), odd))
    far = op.Div(waves, op.Mul(op.Sqrt(op.Sqrt(size)), math.sqrt(math.pi)))
    return op.CastLike(op.Where(op.Less(wide, -9.0), far, value), x)
