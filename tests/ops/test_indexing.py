"""Indexing, gathering and scattering."""

from __future__ import annotations

import pytest
import torch

X = torch.randn(4, 5, 6)
ROWS, COLUMNS = torch.tensor([0, 3, 1]), torch.tensor([4, -1, 0])
MATRIX = torch.tensor([[0, 1], [3, 2]])
ROW_MASK = torch.tensor([True, False, True, True])
MASK = torch.randn(4, 5) > 0
FULL_MASK = torch.randn(4, 5, 6) > 0


def stored(index, value):
    """`x[index] = value`, on a copy."""

    def program(x, *tensors):
        x = x.clone()
        x[index(*tensors)] = value(*tensors) if callable(value) else value
        return x

    return program


READS = {
    "row": (lambda x: x[1], X),
    "last": (lambda x: x[-1, ..., -2], X),
    "slices": (lambda x: x[1:3, ::2, -4:-1], X),
    "new-axis": (lambda x: x[:, None, 2:, ..., None], X),
    "rows": (lambda x, i: x[i], X, ROWS),
    "rows-and-columns": (lambda x, i, j: x[i, j], X, ROWS, COLUMNS),
    "broadcast": (lambda x, i, j: x[i[:, None], j], X, ROWS, COLUMNS),
    "columns-of-all": (lambda x, j: x[:, j], X, COLUMNS),
    "apart": (lambda x, i, j: x[i, :, j], X, ROWS, COLUMNS),
    "apart-at-the-end": (lambda x, i, j: x[:, i, j], X, ROWS, COLUMNS),
    "matrix-of-rows": (lambda x, m: x[m], X, MATRIX),
    "matrix-of-columns": (lambda x, m: x[:, m], X, MATRIX),
    "matrix-and-row": (lambda x, m: x[m, 1], X, MATRIX),
    "int32": (lambda x, i: x[i], X, ROWS.int()),
    "row-mask": (lambda x, m: x[m], X, ROW_MASK),
    "mask": (lambda x, m: x[m], X, MASK),
    "full-mask": (lambda x, m: x[m], X, FULL_MASK),
    "mask-behind": (lambda x, m: x[:, m], X, torch.randn(5, 6) > 0),
    "mask-and-columns": (lambda x, m: x[m, 2], X, ROW_MASK),
    "masked-select": (lambda x, m: torch.masked_select(x, m), X, FULL_MASK),
    "masked-select-broadcast": (lambda x, m: x.masked_select(m[:, :, None]), X, MASK),
    "index-select": (lambda x, i: x.index_select(-1, i), X, ROWS),
    "gather": (lambda x, i: x.gather(1, i), X, torch.randint(0, 5, (4, 2, 6))),
    "gather-fewer": (lambda x, i: x.gather(-1, i), X, torch.randint(0, 6, (3, 2, 4))),
    "take": (lambda x, m: torch.take(x, m), X, MATRIX),
    "take-negative": (lambda x, j: torch.take(x, j), X, COLUMNS),
    "take-along-dim": (lambda x, i: torch.take_along_dim(x, i, 1), X, torch.randint(0, 5, (4, 2, 6))),
    "nonzero": (lambda x: (x > 0).nonzero(), X),
    "nonzero-tuple": (lambda x: torch.nonzero(x > 0, as_tuple=True), X),
    "argwhere": (lambda x: torch.argwhere(x > 0.5), X),
    "where-indices": (lambda x: torch.where(x > 0), X),
    "narrow": (lambda x: x.narrow(1, 2, 2), X),
    "unfold": (lambda x: x.unfold(1, 3, 2), X),
    "flip": (lambda x: x.flip(0, 2), X),
    "roll": (lambda x: (x.roll(2, 1), x.roll((1, -2), (0, 2)), x.roll(3)), X),
    "rot90": (lambda x: torch.rot90(x, 1, (0, 1)), X),
    "diagonal": (lambda x: (x.diagonal(), x.diagonal(1, 1, 2), x.diagonal(-1, 0, 2)), X),
    "diag": (lambda x: (torch.diag(x[0, 0]), torch.diag(x[0]), torch.diag_embed(x[0], 1)), X),
    "tril": (lambda x: (x.tril(), x.triu(1), x.tril(-2)), X),
    "tril-of-truths": (lambda x: ((x > 0).tril(), (x > 0).triu(1), x.int().tril()), X),
    "one-hot": (lambda m: torch.nn.functional.one_hot(m, 5), MATRIX),
    "embedding": (lambda m, w: torch.nn.functional.embedding(m, w, padding_idx=1), MATRIX, torch.randn(6, 3)),
    "isin": (lambda m, i: torch.isin(m, i), MATRIX, ROWS),
}


@pytest.mark.parametrize("case", READS.values(), ids=READS)
def test_reads_as_torch(case, proven):
    proven(*case)


WRITES = {
    "row": (stored(lambda: 1, 5.0), X),
    "slice": (stored(lambda: (slice(None), slice(1, 3)), 5.0), X),
    "rows": (stored(lambda i: i, 2.0), X, ROWS),
    "rows-and-columns": (stored(lambda i, j: (i, j), -1.0), X, ROWS, COLUMNS),
    "columns-of-all": (stored(lambda j: (slice(None), j), 3.0), X, COLUMNS),
    "row-mask": (stored(lambda m: m, 0.0), X, ROW_MASK),
    "mask": (stored(lambda m: m, 0.0), X, MASK),
    "full-mask": (stored(lambda m: m, -1.0), X, FULL_MASK),
    "values": (stored(lambda i, v: i, lambda i, v: v), X, ROWS, torch.randn(3, 5, 6)),
    "values-broadcast": (stored(lambda i, v: i, lambda i, v: v), X, ROWS, torch.randn(6)),
    "mask-values": (lambda x, m: x.index_put((m,), x[m] * 2), X, MASK),
    "truths": (lambda x, i: (x > 0).index_put((i,), torch.tensor(True)), X, ROWS),
    "ints": (lambda x, i: x.long().index_put((i,), torch.tensor(3)), X, ROWS),
    "accumulate": (
        lambda x, i, v: x.index_put((i,), v, accumulate=True),
        X,
        torch.tensor([0, 0, 2]),
        torch.randn(3, 5, 6),
    ),
    "masked-fill": (lambda x, m: x.masked_fill(m[:, :, None], -torch.inf), X, MASK),
    "masked-fill-ints": (lambda x, m: x.long().masked_fill(m, 7), X, FULL_MASK),
    "masked-scatter": (lambda x, m, s: x.masked_scatter(m[..., None], s), X, MASK, torch.randn(200)),
    "scatter": (lambda x, i, s: x.scatter(1, i, s), X, torch.tensor([[[0, 1]], [[2, 3]]]), torch.randn(2, 1, 2)),
    "scatter-value": (lambda x, i: x.scatter(-1, i, 4.0), X, torch.tensor([[[0], [2]]])),
    "scatter-truths": (lambda m: torch.zeros(4, 6).bool().scatter(1, m, True), torch.tensor([[0], [1], [2], [5]])),
    "scatter-reduce": (
        lambda x, i, s: x.scatter(0, i, s, reduce="multiply"),
        X,
        torch.zeros(2, 5, 6).long(),
        torch.randn(2, 5, 6),
    ),
    "scatter-add": (lambda x, i, s: x.scatter_add(0, i, s), X, torch.randint(0, 4, (7, 5, 6)), torch.randn(7, 5, 6)),
    "index-add": (lambda x, i, s: x.index_add(0, i, s, alpha=2), X, ROWS, torch.randn(3, 5, 6)),
    "index-copy": (lambda x, i, s: x.index_copy(1, i, s), X, ROWS, torch.randn(4, 3, 6)),
    "index-fill": (lambda x, i: x.index_fill(1, i, 9.0), X, ROWS),
    "put": (lambda x, m: x.put(m, torch.ones(2, 2)), X, MATRIX),
    "put-accumulate": (lambda x, m: x.put(m, torch.ones(2, 2), accumulate=True), X, torch.zeros(2, 2).long()),
    "select-scatter-open": (lambda x, s: torch.select_scatter(x, s, -2, x.shape[1] - 1), X, torch.randn(4, 6)),
    "slice-scatter": (lambda x, s: torch.slice_scatter(x, s, 1, 1, 4), X, torch.randn(4, 3, 6)),
    "select-scatter": (lambda x, s: torch.select_scatter(x, s, 1, -1), X, torch.randn(4, 6)),
    "diagonal-scatter": (lambda x, s: torch.diagonal_scatter(x, s, 0), torch.randn(4, 4), torch.randn(4)),
}


@pytest.mark.parametrize("case", WRITES.values(), ids=WRITES)
def test_writes_as_torch(case, proven):
    proven(*case)


REDUCED = [(reduce, own) for reduce in ("sum", "prod", "mean", "amax", "amin") for own in (True, False)]


@pytest.mark.parametrize(("reduce", "own"), REDUCED)
def test_scatters_and_reduces(reduce, own, proven_static):
    index, source = torch.randint(0, 3, (7, 5, 6)), torch.randn(7, 5, 6)
    proven_static(lambda x, i, s: x.scatter_reduce(0, i, s, reduce, include_self=own), X, index, source)


@pytest.mark.parametrize(("reduce", "own"), [item for item in REDUCED if item[0] != "sum"])
def test_reduces_by_index(reduce, own, proven_static):
    proven_static(lambda x, i, s: x.index_reduce(1, i, s, reduce, include_self=own), X, ROWS, torch.randn(4, 3, 6))


def test_fills_the_diagonal(proven_static):
    proven_static(lambda x: x.clone().fill_diagonal_(0.0), torch.randn(4, 4))
