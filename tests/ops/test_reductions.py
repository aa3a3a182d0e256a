"""Reductions over all dtypes, dims, scalars and empty tensors."""

from __future__ import annotations

import pytest
import torch

X = torch.randn(3, 4, 5)
INTS = torch.randint(-9, 9, (3, 4, 5))
SMALL = INTS.to(torch.int8)
TRUTHS = INTS > 3
SCALAR = torch.tensor(1.5)
EMPTY = torch.zeros(0, 4)

PROGRAMS = {
    "sum": (lambda x: x.sum(), X),
    "sum-dims": (lambda x: x.sum((0, -1), keepdim=True), X),
    "sum-no-dims": (lambda x: x.sum(()), X),
    "sum-truths": (lambda x: x.sum(-1), TRUTHS),
    "sum-int8": (lambda x: x.sum(1), SMALL),
    "sum-int32": (lambda x: x.int().sum(), INTS),
    "sum-as-double": (lambda x: x.sum(1, dtype=torch.float64), X),
    "sum-truths-as-float": (lambda x: x.sum(dtype=torch.float32), TRUTHS),
    "sum-scalar": (lambda x: x.sum(0), SCALAR),
    "sum-empty": (lambda x: x.sum(0), EMPTY),
    "mean": (lambda x: (x.mean(), x.mean(1), x.mean((0, 2), keepdim=True)), X),
    "mean-of-ints": (lambda x: x.mean(1, dtype=torch.float32), INTS),
    "mean-scalar": (lambda x: x.mean(), SCALAR),
    "prod": (lambda x: (x.prod(), x.prod(1), x.prod(-1, keepdim=True)), X),
    "prod-ints": (lambda x: (x.prod(1), (x > 0).prod(1)), INTS),
    "amax": (lambda x: (x.amax(), x.amax(1), x.amin((0, 2), keepdim=True)), X),
    "amax-truths": (lambda x: (x.amax(1), x.amin()), TRUTHS),
    "amax-int8": (lambda x: x.amax(1), SMALL),
    "max": (lambda x: (x.max(), x.min(), x.max(1), x.min(-1, keepdim=True)), X),
    "max-ints": (lambda x: (x.max(), x.max(1), x.to(torch.int16).min(0)), INTS),
    "max-truths": (lambda x: (x.max(), x.max(1).values), TRUTHS),
    "max-scalar": (lambda x: (x.max(), x.max(0)), SCALAR),
    "argmax": (lambda x: (x.argmax(), x.argmax(1), x.argmin(-1, keepdim=True), x.argmax(keepdim=True)), X),
    "argmax-ints": (lambda x: (x.argmax(1), x.to(torch.int8).argmin()), INTS),
    "argmax-scalar": (lambda x: (x.argmax(), x.argmax(0)), SCALAR),
    "any": (lambda x: (x.any(), x.any(1), x.any((0, 2)), x.all(-1, keepdim=True), x.all()), TRUTHS),
    "any-numbers": (lambda x: (x.any(), x.any(1), x.all(0)), torch.tensor([[0.0, 0.5], [0.0, float("nan")]])),
    "any-scalar": (lambda x: (x.any(), x.all()), SCALAR),
    "all-ints": (lambda x: (x.all(1), x.any(1)), INTS),
    "count-nonzero": (
        lambda x: (torch.count_nonzero(x), torch.count_nonzero(x, 1), torch.count_nonzero(x, (0, 2))),
        INTS,
    ),
    "var": (lambda x: (x.var(), x.var(1), x.var((0, 2), correction=0, keepdim=True), x.var(1, correction=2)), X),
    "std": (lambda x: (x.std(), x.std(1), x.std(-1, unbiased=False)), X),
    "var-mean": (lambda x: (*torch.var_mean(x, 1), *torch.std_mean(x, (0, 1), correction=0)), X),
    "var-half": (lambda x: x.var(-1), X.half()),
    "aminmax": (lambda x: (*torch.aminmax(x), *torch.aminmax(x, dim=1)), X),
    "norm": (lambda x: (x.norm(), x.norm(dim=1), x.norm(1, -1), x.norm(3, (0, 1), keepdim=True)), X),
    "norm-infinity": (lambda x: (x.norm(float("inf")), x.norm(float("-inf"), 1), x.norm(0, 1)), X),
    "matrix-norm": (lambda x: (torch.linalg.matrix_norm(x), torch.linalg.matrix_norm(x, 1)), X),
    "normalize": (lambda x: torch.nn.functional.normalize(x, dim=1), X),
    "logsumexp": (lambda x: (x.logsumexp(1), x.logsumexp((0, 2), keepdim=True)), X),
    "nansum": (lambda x: (torch.nansum(x), torch.nanmean(x, 1)), torch.where(X > 1, torch.nan, X)),
    "numel-mean": (lambda x: x.sum() / x.numel(), X),
}


@pytest.mark.parametrize(("program", "x"), PROGRAMS.values(), ids=PROGRAMS)
def test_reduces_as_torch(program, x, proven):
    proven(program, x)


def test_spread_of_nothing_is_nan(proven_static):
    proven_static(lambda x: (x.var(0), x.std(0), x.mean(0), x.mean()), EMPTY)
