# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""The gamma function and its relatives, in double precision: shifted to where their series converge at once."""

from __future__ import annotations

import math

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _wide(x):
    return op.Cast(x, to=ir.DataType.DOUBLE)


def _shifts(count):
    """0, 1, ... as a row."""
    return op.Constant(value=ir.tensor([float(k) for k in range(count)], dtype=ir.DataType.DOUBLE))


def _sine_of_pi(x):
    """sin(pi x), exact at whole numbers."""
    rest = op.Sub(x, op.Mul(op.Floor(op.Mul(x, 0.5)), 2.0))
    return op.Where(op.Equal(op.Floor(x), x), op.CastLike(0.0, x), op.Sin(op.Mul(rest, math.pi)))


def _log_gamma(x):
    """log |gamma(x)| in double precision: Stirling's series 10 further on, and the reflection for negative x."""
    positive = op.Where(op.Less(x, 0.5), op.Sub(1.0, x), x)
    logs = op.ReduceSum(op.Log(op.Add(op.Unsqueeze(positive, [-1]), _shifts(10))), [-1], keepdims=0)
    y = op.Add(positive, 10.0)
    inverse = op.Div(1.0, y)
    square = op.Mul(inverse, inverse)
    series = op.Sub(1 / 1260, op.Mul(square, 1 / 1680))
    series = op.Sub(1 / 360, op.Mul(square, series))
    series = op.Mul(inverse, op.Sub(1 / 12, op.Mul(square, series)))
    stirling = op.Add(op.Sub(op.Mul(op.Sub(y, 0.5), op.Log(y)), y), 0.5 * math.log(2 * math.pi))
    value = op.Sub(op.Add(stirling, series), logs)
    value = op.Where(op.IsInf(positive), float("inf"), value)
    value = op.Where(op.Or(op.Equal(positive, 1.0), op.Equal(positive, 2.0)), op.CastLike(0.0, x), value)
    reflected = op.Sub(op.Sub(math.log(math.pi), op.Log(op.Abs(_sine_of_pi(x)))), value)
    return op.Where(op.Less(x, 0.5), reflected, value)


@composition("aten::lgamma")
def lgamma(self):
    """Stirling's series at x + 10 less the logarithms of what lies between; below 1/2 by the reflection formula."""
    return op.CastLike(_log_gamma(_wide(self)), self)


def _digamma(x):
    """The derivative of log gamma in double precision."""
    positive = op.Where(op.Less(x, 0.5), op.Sub(1.0, x), x)
    parts = op.ReduceSum(op.Div(1.0, op.Add(op.Unsqueeze(positive, [-1]), _shifts(10))), [-1], keepdims=0)
    y = op.Add(positive, 10.0)
    square = op.Div(1.0, op.Mul(y, y))
    series = op.Sub(1 / 252, op.Mul(square, 1 / 240))
    series = op.Sub(1 / 120, op.Mul(square, series))
    series = op.Mul(square, op.Sub(1 / 12, op.Mul(square, series)))
    value = op.Sub(op.Sub(op.Sub(op.Log(y), op.Div(0.5, y)), series), parts)
    cotangent = op.Div(op.Mul(_sine_of_pi(op.Add(x, 0.5)), math.pi), _sine_of_pi(x))
    reflected = op.Sub(value, cotangent)
    pole = op.And(op.LessOrEqual(x, 0.0), op.Equal(op.Floor(x), x))
    at_pole = op.Where(op.Equal(x, 0.0), op.Neg(op.Div(1.0, x)), float("nan"))
    return op.Where(pole, at_pole, op.Where(op.Less(x, 0.5), reflected, value))


@composition("aten::digamma")
def digamma(self):
    """The asymptotic series at x + 10 less the reciprocals between; below 1/2 by the reflection formula."""
    return op.CastLike(_digamma(_wide(self)), self)


def _hurwitz(s, q):
    """The sum of (q + k)^-s over k >= 0 in double precision: 64 terms, and Euler's and Maclaurin's formula."""
    terms = op.Pow(op.Add(op.Unsqueeze(q, [-1]), _shifts(64)), op.Neg(op.Unsqueeze(s, [-1])))
    head = op.ReduceSum(terms, [-1], keepdims=0)
    y = op.Add(q, 64.0)
    power = op.Pow(y, op.Neg(s))
    tail = op.Add(op.Div(op.Mul(power, y), op.Sub(s, 1.0)), op.Mul(power, 0.5))
    factor = op.Div(op.Mul(s, power), y)
    for k, number in ((1, 1 / 12), (2, -1 / 720), (3, 1 / 30240)):
        tail = op.Add(tail, op.Mul(factor, number))
        rising = op.Mul(op.Add(s, 2.0 * k - 1), op.Add(s, 2.0 * k))
        factor = op.Div(op.Mul(factor, rising), op.Mul(y, y))
    return op.Add(head, tail)


@composition("aten::special_zeta")
def special_zeta(self, other):
    """The first 64 terms (q + k)^-s, and Euler's and Maclaurin's formula for the rest."""
    s, q = _wide(self), _wide(other)
    value = _hurwitz(s, q)
    pole = op.And(op.LessOrEqual(q, 0.0), op.Equal(op.Floor(q), q))
    value = op.Where(pole, float("inf"), value)
    rooted = op.And(op.And(op.Less(q, 0.0), op.Not(pole)), op.Not(op.Equal(op.Floor(s), s)))
    value = op.Where(op.Or(rooted, op.Less(s, 1.0)), float("nan"), value)
    return op.CastLike(op.Where(op.Equal(s, 1.0), float("inf"), value), self)


@composition("aten::polygamma")
def polygamma(n: int, self):
    """digamma for order 0; else (-1)^(n+1) n! times the sum of (x + k)^-(n+1): 64 terms, and Euler's formula."""
    x = _wide(self)
    if n == 0:
        return op.CastLike(_digamma(x), self)
    if n == 1:
        reflected = op.Sub(op.CastLike(1.0, x), x)
        sine = _wide(op.Sin(op.Mul(self, math.pi)))  # in the precision of `self`, as eager takes it
        two = op.CastLike(2.0, x)
        below = op.Sub(op.Div(math.pi**2, op.Mul(sine, sine)), _hurwitz(two, reflected))
        return op.CastLike(op.Where(op.Less(x, 0.5), below, _hurwitz(two, x)), self)
    order = op.Expand(op.Constant(value=ir.tensor(float(n + 1), dtype=ir.DataType.DOUBLE)), op.Shape(x))
    pole = op.And(op.LessOrEqual(x, 0.0), op.Equal(op.Floor(x), x))
    value = op.Where(pole, float("inf"), _hurwitz(order, x))
    return op.CastLike(op.Mul(value, (-1.0) ** (n + 1) * math.factorial(n)), self)


def _lower_gamma(a, x):
    """The regularised lower incomplete gamma function: a series of 256 terms, NaN where they are not enough."""
    ratio = op.Sub(op.Unsqueeze(op.Log(x), [-1]), op.Log(op.Add(op.Unsqueeze(a, [-1]), op.Add(_shifts(256), 1.0))))
    terms = op.Exp(op.CumSum(ratio, op.Constant(value_int=-1)))
    total = op.Add(1.0, op.ReduceSum(terms, [-1], keepdims=0))
    first = op.Exp(op.Sub(op.Sub(op.Mul(a, op.Log(x)), x), _log_gamma(op.Add(a, 1.0))))
    value = op.Mul(first, total)
    beyond = op.Greater(x, op.Add(op.Add(a, 60.0), op.Mul(op.Sqrt(a), 12.0)))
    value = op.Where(op.And(op.Greater(x, 150.0), op.Not(beyond)), float("nan"), value)
    value = op.Where(beyond, op.CastLike(1.0, value), value)
    value = op.Where(op.Equal(x, 0.0), op.CastLike(0.0, value), value)
    value = op.Where(op.And(op.Equal(a, 0.0), op.Greater(x, 0.0)), op.CastLike(1.0, value), value)
    undefined = op.Or(op.Or(op.Less(a, 0.0), op.Less(x, 0.0)), op.And(op.Equal(a, 0.0), op.Equal(x, 0.0)))
    return op.Where(undefined, float("nan"), value)


@composition("aten::igamma")
def igamma(self, other):
    """The power series of the lower incomplete gamma function, 256 terms of it; NaN where more are needed."""
    return op.CastLike(_lower_gamma(_wide(self), _wide(other)), self)


@composition("aten::igammac")
def igammac(self, other):
    """1 less the power series of the lower incomplete gamma function, 256 terms of it; NaN where more are needed."""
    return op.CastLike(op.Sub(1.0, _lower_gamma(_wide(self), _wide(other))), self)


def _normal_quantile(p):
    """Six steps of Newton's method on the logarithm of the tail of the normal distribution."""
    near = op.Min(p, op.Sub(1.0, p))
    tail = op.Min(op.Max(near, 1e-300), 0.5)
    log = op.Log(tail)
    x = op.Sqrt(op.Mul(log, -2.0))
    x = op.Sub(x, op.Div(op.Log(op.Add(op.Mul(x, math.sqrt(2 * math.pi)), 1.0)), op.Add(x, 1.0)))
    for _ in range(6):
        mills = _mills(x)
        # log Q(x) = log(mills) - x^2 / 2 - log(sqrt(2 pi)), whose derivative is -1 / mills
        value = op.Sub(op.Sub(op.Log(mills), op.Mul(op.Mul(x, x), 0.5)), 0.5 * math.log(2 * math.pi))
        x = op.Add(x, op.Mul(op.Sub(value, log), mills))
    value = op.Where(op.Less(p, 0.5), op.Neg(x), x)
    value = op.Where(op.Equal(p, 0.0), float("-inf"), op.Where(op.Equal(p, 1.0), float("inf"), value))
    outside = op.Or(op.Less(p, 0.0), op.Greater(p, 1.0))
    return op.Where(outside, float("nan"), value)


@composition("aten::special_ndtri")
def special_ndtri(self):
    """Six steps of Newton's method on the logarithm of the tail of the normal distribution."""
    return op.CastLike(_normal_quantile(_wide(self)), self)


@composition("aten::erfinv", "aten::special_erfinv")
def erfinv(self):
    """The quantile of the normal distribution at (x + 1) / 2, by six steps of Newton's method; for small x a series."""
    x = _wide(self)
    square = op.Mul(x, x)
    series = op.Add(op.Mul(square, math.pi**2 * 7 / 480), math.pi / 12)
    series = op.Mul(op.Add(op.Mul(square, series), 1.0), op.Mul(x, math.sqrt(math.pi) / 2))
    value = op.Mul(_normal_quantile(op.Mul(op.Add(x, 1.0), 0.5)), math.sqrt(0.5))
    return op.CastLike(op.Where(op.Less(op.Abs(x), 1e-3), series, value), self)


def _mills(x):
    """Q(x) / density(x) of the normal distribution for x >= 0: the integral of exp(-x t - t^2 / 2) over t > 0."""
    step = 0.02
    places = [step * k for k in range(500)]
    weights = [step * (1 if k == 0 else 4 if k % 2 else 2) / 3 for k in range(500)]
    weights = [weight * math.exp(-(place**2) / 2) for weight, place in zip(weights, places, strict=True)]
    nodes = op.Constant(value=ir.tensor(places, dtype=ir.DataType.DOUBLE))
    row = op.Constant(value=ir.tensor(weights, dtype=ir.DataType.DOUBLE))
    fall = op.Exp(op.Neg(op.Mul(op.Unsqueeze(x, [-1]), nodes)))
    return op.ReduceSum(op.Mul(fall, row), [-1], keepdims=0)
