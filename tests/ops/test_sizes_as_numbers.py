"""Numbers that are sizes: known when the model runs, not when it is exported."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

X = torch.randn(3, 5)
PLACES = torch.tensor([[0, 9, -4], [2, 1, 30]])

PROGRAMS = {
    "clamp": (lambda x, i: (i.clamp(0, x.shape[1] - 1), i.clamp(max=x.shape[0]), i.clamp_min(x.shape[0])), X, PLACES),
    "clamp-floats": (lambda x: x.clamp(max=x.shape[0] * 0.1), X),
    "compare": (lambda x, i: (i == x.shape[0], i < x.shape[1], i >= x.shape[0], i != x.shape[1]), X, PLACES),
    "arithmetic": (lambda x: (x * x.shape[0], x / x.shape[1], x + x.shape[0], x - x.shape[1], x ** x.shape[0]), X),
    "integers": (lambda x, i: (i % x.shape[1], i // x.shape[0], i * x.shape[1] + x.shape[0]), X, PLACES),
    "root": (lambda x: x / x.shape[1] ** 0.5, X),
    "root-by-math": (lambda x: (x / math.sqrt(x.shape[1]), x * math.log2(x.shape[0])), X),
    "full": (
        lambda x: (torch.full((2,), x.shape[0]), torch.full((x.shape[1],), 1.0), torch.full_like(x, x.shape[1])),
        X,
    ),
    "fill": (lambda x, i: (x.masked_fill(x > 0, x.shape[0]), torch.where(i > 0, i, x.shape[1])), X, PLACES),
    "ranges": (
        lambda x: (
            torch.arange(x.shape[0]),
            torch.arange(x.shape[0], x.shape[0] + x.shape[1]),
            torch.arange(x.shape[1]) / x.shape[1],
        ),
        X,
    ),
    "triangle": (lambda x: (x.tril(x.shape[1] - x.shape[0]), torch.ones(x.shape[0], x.shape[1]).triu(1)), X),
    "pad": (lambda x: F.pad(x, (0, x.shape[0])), X),
    "pieces": (lambda x: (x[:, : x.shape[1] // 2], x[:, -(x.shape[0] - 1) :], x.narrow(1, 0, x.shape[1] - 1)), X),
    "repeat": (
        lambda x: (x.repeat(x.shape[0], 1), x.repeat_interleave(x.shape[0], 0), x[:1].expand(x.shape[0], -1)),
        X,
    ),
    "select": (lambda x: (x[x.shape[0] - 1], x.select(1, x.shape[1] // 2)), X),
    "top": (lambda x: x.topk(x.shape[1] - 1).values, X),
    "split": (lambda x: x.split([1, x.shape[1] - 1], 1), X),
    "mean-by-hand": (lambda x: x.sum(1) / x.shape[1], X),
    "positions": (lambda x: torch.arange(x.shape[1])[None, :] < torch.arange(x.shape[0])[:, None], X),
    "linspace": (lambda x: (torch.linspace(0, 1, x.shape[1]), torch.linspace(0, x.shape[0], 4)), X),
    "view": (lambda x: (x.view(x.shape[0] * x.shape[1]), x.reshape(1, x.shape[1], -1), x.flatten()), X),
    "log": (lambda x: x * torch.log(torch.tensor(x.shape[1], dtype=torch.float32)), X),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_computes_with_sizes(case, proven):
    proven(*case)
