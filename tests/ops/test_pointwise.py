"""Functions of single elements, activations among them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

X = torch.randn(3, 7) * 3
UNIT = torch.rand(3, 7) * 1.98 - 0.99
POSITIVE = torch.rand(3, 7) * 4 + 0.05
TINY = torch.tensor([1e-9, -1e-8, 3e-5, 0.0, 0.4, 2.0])
ODD = torch.tensor([float("inf"), -float("inf"), float("nan"), 1.5, -0.0])
INTS = torch.tensor([-7, 3, 0, 5])
HALVES = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.125])

PROGRAMS = {
    "relus": (
        lambda x: (x.relu(), F.relu6(x), F.leaky_relu(x), F.elu(x, 0.7), F.celu(x, 1.3), F.selu(x), F.rrelu(x)),
        X,
    ),
    "gelus": (lambda x: (F.gelu(x), F.gelu(x, approximate="tanh"), F.silu(x), F.mish(x), F.hardswish(x)), X),
    "sigmoids": (lambda x: (x.sigmoid(), F.logsigmoid(x), F.hardsigmoid(x), F.hardtanh(x, -0.4, 0.8), x.tanh()), X),
    "softplus": (lambda x: (F.softplus(x), F.softplus(x, 2.0), F.softplus(x * 20, 0.5, 10)), X),
    "shrinks": (
        lambda x: (F.softshrink(x), F.hardshrink(x, 0.8), F.tanhshrink(x), F.threshold(x, 0.3, -2), F.softsign(x)),
        X,
    ),
    "softmaxes": (lambda x: (x.softmax(-1), x.log_softmax(0), F.softmin(x, 1), x.softmax(1, dtype=torch.float64)), X),
    "softmax-half": (lambda x: x.half().softmax(-1, dtype=torch.float32), X),
    "glu": (lambda x: F.glu(x, 0), torch.randn(4, 6)),
    "prelu": (lambda x: (F.prelu(x, torch.tensor([0.2])), F.prelu(x[:, :3, None], torch.tensor([0.1, 0.2, 0.3]))), X),
    "logs": (lambda x: (x.log(), x.log2(), x.log10(), x.log1p(), x.sqrt(), x.rsqrt(), x.reciprocal()), POSITIVE),
    "near-zero": (lambda x: (x.log1p(), x.expm1(), torch.sinc(x)), TINY),
    "exponentials": (lambda x: (x.exp(), x.exp2(), x.expm1(), x.sinh(), x.cosh()), X),
    "angles": (lambda x: (x.sin(), x.cos(), x.tan(), x.atan(), x.asinh(), x.deg2rad(), x.rad2deg()), X),
    "unit": (lambda x: (x.asin(), x.acos(), x.atanh(), x.erfinv(), torch.logit(x.abs() * 0.9, eps=0.1)), UNIT),
    "errors": (lambda x: (x.erf(), x.erfc(), torch.special.ndtr(x)), X),
    "rounding": (lambda x: (x.round(), x.floor(), x.ceil(), x.trunc(), x.frac(), x.round(decimals=2)), HALVES),
    "rounding-ints": (lambda a: (a.round(), a.floor(), a.ceil(), a.trunc(), a.sign(), a.abs(), a.square()), INTS),
    "of-ints": (lambda a: (a.exp(), a.abs().sqrt(), a.sigmoid(), a.sin(), torch.log1p(a.abs()), a.relu()), INTS),
    "odd": (
        lambda x: (x.isnan(), x.isinf(), x.isfinite(), x.isposinf(), x.isneginf(), x.nan_to_num(), x.signbit()),
        ODD,
    ),
    "odd-replaced": (lambda x: x.nan_to_num(1.0, 2.0, -2.0), ODD),
    "odd-ints": (lambda a: (a.isnan(), a.isinf(), a.isfinite(), a.nan_to_num(), a.signbit()), INTS),
    "casts": (
        lambda x: (x.int(), x.long(), x.bool(), x.half(), x.double(), x.to(torch.uint8).float(), x.type_as(x.int())),
        X.abs(),
    ),
    "square": (lambda x: (x.square(), x.pow(3), x.pow(-2), x.pow(0.5), x.neg(), x.positive()), POSITIVE),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_computes_as_torch(case, proven):
    proven(*case)
