"""Sorting, ranking and searching."""

from __future__ import annotations

import pytest
import torch

X = torch.randn(3, 7)
TIES = torch.tensor([[3, 1, 3, 2, 1], [0, 0, 0, 5, 4]])
SCALAR = torch.tensor(2.0)
LIMITS = torch.tensor([-1.0, 0.0, 0.5, 2.0])
WITH_NAN = torch.tensor([[1.0, float("nan"), 3.0], [2.0, 5.0, 4.0]])

PROGRAMS = {
    "sort": (lambda x: (*x.sort(), *x.sort(0, descending=True)), X),
    "sort-stable": (lambda x: (*x.sort(stable=True), *x.sort(dim=-1, descending=True, stable=True)), TIES),
    "sort-int8": (lambda x: x.to(torch.int8).sort(stable=True), TIES),
    "sort-truths": (lambda x: (x > 2).sort(stable=True), TIES),
    "sort-scalar": (lambda x: x.sort(), SCALAR),
    "argsort": (lambda x: (x.argsort(), x.argsort(0, descending=True)), X),
    "argsort-stable": (lambda x: torch.argsort(x, stable=True), TIES),
    "msort": (torch.msort, X),
    "topk": (lambda x: (*x.topk(3), *x.topk(2, 0, largest=False)), X),
    "topk-ints": (lambda x: x.topk(2).values, TIES),
    "topk-of-size": (lambda x: x.topk(x.shape[1] // 2), X),
    "kthvalue": (lambda x: (*x.kthvalue(2), *x.kthvalue(3, 0, True)), X),
    "median": (lambda x: (x.median(), *x.median(1), *x.median(0, keepdim=True)), X),
    "median-ints": (lambda x: (x.median(), x.median(1).values), TIES),
    "median-nan": (lambda x: (x.median(), *x.median(1)), WITH_NAN),
    "quantile": (lambda x: (x.quantile(0.3), x.quantile(0.5, dim=1)), X),
    "quantiles": (lambda x, q: torch.quantile(x, q, dim=1, keepdim=True), X, torch.tensor([0.1, 0.75])),
    "bucketize": (lambda x: (torch.bucketize(x, LIMITS), torch.bucketize(x, LIMITS, right=True, out_int32=True)), X),
    "searchsorted": (lambda x: torch.searchsorted(LIMITS, x), X),
    "searchsorted-scalar": (lambda x: torch.searchsorted(x[0].sort().values, 0.2), X),
    "searchsorted-rows": (lambda x: torch.searchsorted(x.sort().values, x * 0.7, side="right"), X),
    "isin": (lambda x: (torch.isin(x, torch.tensor([1, 5])), torch.isin(x, 3), torch.isin(x, x[0], invert=True)), TIES),
    "unique": (lambda x: torch.unique(x), TIES),
    "unique-int32": (lambda x: (torch.unique(x.int()), torch.unique(x > 2)), TIES),
    "unique-inverse": (lambda x: torch.unique(x, return_inverse=True, return_counts=True), TIES),
    "unique-rows": (lambda x: torch.unique(x, dim=1), TIES),
    "unique-floats": (lambda x: torch.unique(x), X),
    "unique-consecutive": (lambda x: torch.unique_consecutive(x[1]), TIES),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_orders_as_torch(case, proven):
    proven(*case)
