"""Factors and solutions of complex matrices, column by column, as LAPACK orders and signs them."""

from __future__ import annotations

import torch
from torch import Tensor

from onnxdx.fixes.operators.formulas import formula

_MOST_COLUMNS = 32


def _known(size: int) -> int:
    """A number of columns; each is a few dozen nodes."""
    if size > _MOST_COLUMNS:
        raise NotImplementedError(f"this is for at most {_MOST_COLUMNS} columns")
    return int(size)


@formula("aten::linalg_cholesky_ex")
def linalg_cholesky_ex(a: Tensor, *, upper: bool = False, check_errors: bool = False) -> tuple[Tensor, Tensor]:
    factor = cholesky(a, upper)
    return factor, torch.zeros(a.shape[:-2], dtype=torch.int32)


@formula("aten::cholesky")
def cholesky(a: Tensor, upper: bool = False) -> Tensor:
    a = a.mH if upper else a
    size = _known(a.shape[-1])
    columns: list[Tensor] = []
    for k in range(size):
        column = a[..., k:, k]
        for done in columns:
            column = column - done[..., k:] * done[..., k : k + 1].conj()
        column = column / column[..., :1].real.sqrt()
        columns.append(torch.cat([torch.zeros_like(a[..., :k, k]), column], -1))
    factor = torch.stack(columns, -1)
    return factor.mH if upper else factor


@formula("aten::cholesky_solve")
def cholesky_solve(b: Tensor, factor: Tensor, upper: bool = False) -> Tensor:
    lower = factor.mH if upper else factor
    return _backward(lower.mH, _forward(lower, b))


@formula("aten::cholesky_inverse")
def cholesky_inverse(factor: Tensor, upper: bool = False) -> Tensor:
    return cholesky_solve(_identity(factor), factor, upper)


def _identity(a: Tensor) -> Tensor:
    eye = torch.eye(_known(a.shape[-1]), dtype=a.real.dtype)
    return torch.complex(eye, torch.zeros_like(eye)).expand(a.shape)


def _forward(lower: Tensor, b: Tensor, unit: bool = False) -> Tensor:
    """The x with `lower` x = b."""
    rows: list[Tensor] = []
    for k in range(_known(lower.shape[-1])):
        row = b[..., k, :]
        for index, done in enumerate(rows):
            row = row - lower[..., k, index].unsqueeze(-1) * done
        rows.append(row if unit else row / lower[..., k, k].unsqueeze(-1))
    return torch.stack(rows, -2)


def _backward(upper: Tensor, b: Tensor, unit: bool = False) -> Tensor:
    """The x with `upper` x = b."""
    return _forward(upper.flip(-1).flip(-2), b.flip(-2), unit).flip(-2)


@formula("aten::linalg_solve_triangular")
def linalg_solve_triangular(
    a: Tensor, b: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    if not left:
        return linalg_solve_triangular(a.mT, b.mT, upper=not upper, unitriangular=unitriangular).mT
    return (_backward if upper else _forward)(a, b, unitriangular)


@formula("aten::triangular_solve")
def triangular_solve(
    b: Tensor, a: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[Tensor, Tensor]:
    turned = a.mT if transpose else a
    return linalg_solve_triangular(turned, b, upper=upper is not transpose, unitriangular=unitriangular), a.clone()


def _eliminated(a: Tensor, pivot: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """Both factors in one matrix, the rows that were exchanged (from 1), and the order that they are in then."""
    rows, columns = a.shape[-2], a.shape[-1]
    steps = min(_known(rows), _known(columns))
    places = torch.arange(rows).expand(a.shape[:-1])
    order, pivots = places, []
    for k in range(steps):
        column = a[..., k:, k]
        best = (column.real.abs() + column.imag.abs()).argmax(-1, keepdim=True) + k if pivot else places[..., k : k + 1]
        pivots.append(best + 1)
        exchange = torch.where(places == k, best, torch.where(places == best, k, places))
        order = order.gather(-1, exchange)
        a = a.gather(-2, exchange.unsqueeze(-1).expand(a.shape))
        head = a[..., k : k + 1, k : k + 1]
        below = a[..., k + 1 :, k : k + 1] / torch.where(head == 0, torch.ones_like(head), head)
        rest = a[..., k + 1 :, k + 1 :] - below * a[..., k : k + 1, k + 1 :]
        a = torch.cat([a[..., : k + 1, :], torch.cat([a[..., k + 1 :, :k], below, rest], -1)], -2)
    return a, torch.cat(pivots, -1).to(torch.int32), order


@formula("aten::linalg_lu_factor_ex")
def linalg_lu_factor_ex(a: Tensor, *, pivot: bool = True, check_errors: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    factors, pivots, _ = _eliminated(a, pivot)
    return factors, pivots, torch.zeros(a.shape[:-2], dtype=torch.int32)


def _order_of(pivots: Tensor, rows: int) -> Tensor:
    places = torch.arange(rows).expand(*pivots.shape[:-1], rows)
    order = places
    for k in range(pivots.shape[-1]):
        other = pivots[..., k : k + 1].long() - 1
        order = order.gather(-1, torch.where(places == k, other, torch.where(places == other, k, places)))
    return order


def _permutation(order: Tensor, like: Tensor) -> Tensor:
    """The matrix whose product with rows in this order has them in their first one."""
    real = (torch.arange(order.shape[-1]).unsqueeze(-1) == order.unsqueeze(-2)).to(like.real.dtype)
    return torch.complex(real, torch.zeros_like(real))


def _apart(factors: Tensor) -> tuple[Tensor, Tensor]:
    rows, columns = factors.shape[-2:]
    steps = min(rows, columns)
    below = (torch.arange(rows).unsqueeze(-1) > torch.arange(steps)).to(factors.real.dtype)
    above = (torch.arange(steps).unsqueeze(-1) <= torch.arange(columns)).to(factors.real.dtype)
    eye = (torch.arange(rows).unsqueeze(-1) == torch.arange(steps)).to(factors.real.dtype)
    return factors[..., :steps] * below + eye, factors[..., :steps, :] * above


@formula("aten::linalg_lu")
def linalg_lu(a: Tensor, *, pivot: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    factors, _, order = _eliminated(a, pivot)
    return (_permutation(order, a), *_apart(factors))


@formula("aten::lu_unpack")
def lu_unpack(
    factors: Tensor, pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    permutation = _permutation(_order_of(pivots, factors.shape[-2]), factors)
    return (permutation, *_apart(factors))


@formula("aten::linalg_lu_solve")
def linalg_lu_solve(factors: Tensor, pivots: Tensor, b: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    if not left:
        return linalg_lu_solve(factors, pivots, b.mH, adjoint=not adjoint).mH
    order = _order_of(pivots, factors.shape[-2])
    if adjoint:
        solved = _forward(factors.mH, b)
        solved = _backward(factors.mH, solved, unit=True)
        return solved.gather(-2, order.argsort(-1).unsqueeze(-1).expand(solved.shape))
    return _solved(factors, order, b)


def _solved(factors: Tensor, order: Tensor, b: Tensor) -> Tensor:
    b = b.expand(*factors.shape[:-2], *b.shape[-2:])
    rows = b.gather(-2, order.unsqueeze(-1).expand(b.shape))
    return _backward(factors, _forward(factors, rows, unit=True))


@formula("aten::_linalg_solve_ex")
def _linalg_solve_ex(
    a: Tensor, b: Tensor, *, left: bool = True, check_errors: bool = False
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    factors, pivots, order = _eliminated(a if left else a.mT)
    vector = b.dim() == 1 or (b.dim() == a.dim() - 1 and b.shape == a.shape[:-1])
    right = b.unsqueeze(-1) if vector else b if left else b.mT
    solved = _solved(factors, order, right)
    solved = solved.squeeze(-1) if vector else solved if left else solved.mT
    return solved, factors, pivots, torch.zeros(a.shape[:-2], dtype=torch.int32)


@formula("aten::linalg_inv_ex")
def linalg_inv_ex(a: Tensor, *, check_errors: bool = False) -> tuple[Tensor, Tensor]:
    factors, _, order = _eliminated(a)
    return _solved(factors, order, _identity(a)), torch.zeros(a.shape[:-2], dtype=torch.int32)


def _determinant(factors: Tensor, pivots: Tensor) -> Tensor:
    size = factors.shape[-1]
    kept = (pivots == torch.arange(1, size + 1)).to(factors.real.dtype)
    sign = (2 * kept - 1).prod(-1)
    product = factors[..., 0, 0]
    for k in range(1, size):
        product = product * factors[..., k, k]
    return product * sign


@formula("aten::linalg_matrix_exp")
def linalg_matrix_exp(a: Tensor) -> Tensor:
    """That of the real matrix of twice the size, which multiplies as the complex one does."""
    upper = torch.cat([a.real, -a.imag], -1)
    grown = torch.linalg.matrix_exp(torch.cat([upper, torch.cat([a.imag, a.real], -1)], -2))
    size = a.shape[-1]
    return torch.complex(grown[..., :size, :size], grown[..., size:, :size])


@formula("aten::addbmm")
def addbmm(start: Tensor, one: Tensor, other: Tensor, *, beta: complex = 1, alpha: complex = 1) -> Tensor:
    return start * beta + (one @ other).sum(0) * alpha


@formula("aten::_linalg_det")
def _linalg_det(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    factors, pivots, _ = _eliminated(a)
    return _determinant(factors, pivots), factors, pivots


@formula("aten::linalg_det")
def linalg_det(a: Tensor) -> Tensor:
    return _linalg_det(a)[0]


@formula("aten::_linalg_slogdet")
def _linalg_slogdet(a: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    factors, pivots, _ = _eliminated(a)
    determinant = _determinant(factors, pivots)
    sizes = torch.stack([factors[..., k, k].abs().log() for k in range(a.shape[-1])], -1).sum(-1)
    return determinant / determinant.abs(), sizes, factors, pivots


def _reflected(a: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Householder's vectors and factors, and the upper triangle that they leave."""
    rows, columns = a.shape[-2], a.shape[-1]
    vectors, factors = [], []
    for k in range(min(_known(rows), _known(columns))):
        x = a[..., k:, k]
        first = x[..., :1]
        length = (x.real * x.real + x.imag * x.imag).sum(-1, keepdim=True).sqrt()
        rest = x[..., 1:]
        plain = ((rest.real == 0) & (rest.imag == 0)).all(-1, keepdim=True) & (first.imag == 0)
        beta = torch.where(first.real < 0, length, -length)
        beta = torch.where(plain, first.real, beta)
        safe = torch.where(plain, torch.ones_like(beta), beta)
        factor = torch.where(
            plain, torch.zeros_like(first), torch.complex((safe - first.real) / safe, -first.imag / safe)
        )
        below = torch.where(
            plain, torch.zeros_like(rest), rest / torch.where(plain, torch.ones_like(first), first - safe)
        )
        vector = torch.cat([torch.zeros_like(a[..., :k, k]), torch.ones_like(first), below], -1).unsqueeze(-1)
        a = a - factor.conj().unsqueeze(-1) * (vector @ (vector.mH @ a))
        vectors.append(vector)
        factors.append(factor)
    return vectors, factors, a


def _product(vectors: list[Tensor], factors: list[Tensor], columns: int) -> Tensor:
    """The first columns of the product of the reflections."""
    like = vectors[0]
    eye = (torch.arange(like.shape[-2]).unsqueeze(-1) == torch.arange(columns)).to(like.real.dtype)
    q = torch.complex(eye, torch.zeros_like(eye)).expand(*like.shape[:-2], *eye.shape)
    for vector, factor in zip(reversed(vectors), reversed(factors), strict=True):
        q = q - factor.unsqueeze(-1) * (vector @ (vector.mH @ q))
    return q


@formula("aten::linalg_qr")
def linalg_qr(a: Tensor, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    vectors, factors, upper = _reflected(a)
    rows, columns = a.shape[-2:]
    count = rows if mode == "complete" else min(rows, columns)
    above = (torch.arange(count).unsqueeze(-1) <= torch.arange(columns)).to(a.real.dtype)
    r = upper[..., :count, :] * above
    return (torch.zeros(0, dtype=a.dtype) if mode == "r" else _product(vectors, factors, count)), r


@formula("aten::geqrf")
def geqrf(a: Tensor) -> tuple[Tensor, Tensor]:
    vectors, factors, upper = _reflected(a)
    rows, columns = a.shape[-2:]
    above = (torch.arange(rows).unsqueeze(-1) <= torch.arange(columns)).to(a.real.dtype)
    below = torch.cat(vectors, -1) * (torch.arange(rows).unsqueeze(-1) > torch.arange(len(vectors))).to(a.real.dtype)
    wider = torch.zeros_like(a[..., len(vectors) :])
    return upper * above + torch.cat([below, wider], -1), torch.cat(factors, -1)


@formula("aten::linalg_householder_product")
def linalg_householder_product(a: Tensor, tau: Tensor) -> Tensor:
    vectors = [
        torch.cat([torch.zeros_like(a[..., :k, k]), torch.ones_like(a[..., k : k + 1, k]), a[..., k + 1 :, k]], -1)
        for k in range(_known(tau.shape[-1]))
    ]
    factors = [tau[..., k : k + 1] for k in range(tau.shape[-1])]
    return _product([vector.unsqueeze(-1) for vector in vectors], factors, a.shape[-1])
