"""Running sums, products and extremes."""

from __future__ import annotations

import pytest
import torch

X = torch.randn(3, 6)
INTS = torch.randint(-4, 5, (3, 6))

PROGRAMS = {
    "cumsum": (lambda x: (x.cumsum(0), x.cumsum(-1)), X),
    "cumsum-truths": (lambda x: (x > 0).cumsum(1), X),
    "cumsum-int8": (lambda x: x.to(torch.int8).cumsum(1), INTS),
    "cumsum-int32-kept": (lambda x: x.cumsum(1, dtype=torch.int32), INTS),
    "cumsum-half": (lambda x: x.half().cumsum(1), X),
    "cumsum-scalar": (lambda x: x.sum().cumsum(0), X),
    "cumprod": (lambda x: (x.cumprod(1), x.cumprod(0)), X),
    "cumprod-ints": (lambda x: x.cumprod(1), INTS),
    "cummax": (lambda x: (*x.cummax(1), *x.cummin(0)), X),
    "cummax-ties": (lambda x: (*x.cummax(1), *x.cummin(1)), INTS),
    "cummax-nan": (lambda x: (*x.cummax(0), *x.cummin(0)), torch.tensor([1.0, 3.0, float("nan"), 4.0, 0.0])),
    "logcumsumexp": (lambda x: x.logcumsumexp(1), X * 50),
    "diff": (lambda x: (x.diff(), x.diff(n=2, dim=0)), X),
    "trapezoid": (lambda x: torch.trapezoid(x, dim=1), X),
}


@pytest.mark.parametrize(("program", "x"), PROGRAMS.values(), ids=PROGRAMS)
def test_runs_along_an_axis(program, x, proven):
    proven(program, x)


def test_two_scans_in_one_model(proven):
    proven(lambda x: (x.cumprod(0).cumprod(1), (x + 1).cummax(0).values.cumprod(1)), X)
