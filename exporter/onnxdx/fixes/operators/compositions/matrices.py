# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Triangular factorisations of matrices and what is solved with them, one step for each row of a known number."""

from __future__ import annotations

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _known(size):
    """A size as a number."""
    if not isinstance(size, int):
        raise NotImplementedError("this is for matrices of a known size, each row of which is a step")
    return size


def _places(like, size, wanted):
    """A column with 1 in the rows that are `wanted`, else 0."""
    return op.CastLike(op.Constant(value=ir.tensor([[float(wanted(k))] for k in range(size)])), like)


def _numbers(size):
    """0, 1, ... as a column."""
    return op.Constant(value=ir.tensor([[k] for k in range(size)], dtype=ir.DataType.INT64))


def _column(x, k):
    return op.Slice(x, [k], [k + 1], [-1])


def _row(x, k):
    return op.Slice(x, [k], [k + 1], [-2])


def _element(x, k):
    """Element k, k of each matrix, as a matrix of one element."""
    return _row(_column(x, k), k)


def _transposed(x, rank):
    return op.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])


def _lower(x, first=0):
    """The part on and below a diagonal."""
    return op.Trilu(x, op.Constant(value_int=first), upper=0)


def _upper(x, first=0):
    """The part on and above a diagonal."""
    return op.Trilu(x, op.Constant(value_int=first), upper=1)


def _identity(like, size):
    return op.CastLike(op.EyeLike(op.ConstantOfShape([size, size])), like)


def _solved_triangular(factor, right, size, upper, unit):
    """X with factor X = right, row by row."""
    rest = op.Expand(right, op.Shape(op.MatMul(factor, right)))
    rows = {}
    for k in reversed(range(size)) if upper else range(size):
        rows[k] = _row(rest, k) if unit else op.Div(_row(rest, k), _element(factor, k))
        ahead = _places(right, size, (lambda row, k=k: row < k) if upper else (lambda row, k=k: row > k))
        rest = op.Sub(rest, op.Mul(op.Mul(_column(factor, k), ahead), rows[k]))
    return op.Concat(*(rows[k] for k in range(size)), axis=-2)


# --- Cholesky ---


def _cholesky(x, rank, size):
    """The lower factor, column by column, and the first minor that is not positive, 0 when all are."""
    rest, columns, failed = x, [], None
    for k in range(size):
        pivot = _element(rest, k)
        bad = op.Not(op.Greater(op.Squeeze(pivot, [-2, -1]), 0.0))
        failed = op.Cast(bad, to=ir.DataType.INT64) if failed is None else failed
        failed = op.Where(op.And(bad, op.Equal(failed, 0)), k + 1, failed)
        column = op.Div(op.Mul(_column(rest, k), _places(x, size, lambda row, k=k: row >= k)), op.Sqrt(pivot))
        columns.append(column)
        rest = op.Sub(rest, op.Mul(column, _transposed(column, rank)))
    return op.Concat(*columns, axis=-1), op.Cast(failed, to=ir.DataType.INT32)


@composition("aten::linalg_cholesky_ex")
def linalg_cholesky_ex(self, upper: bool = False, check_errors: bool = False):
    """The factor of Cholesky, column by column: one step for each row."""
    rank = len(self.shape)
    factor, failed = _cholesky(_transposed(self, rank) if upper else self, rank, _known(self.shape[-1]))
    return _transposed(factor, rank) if upper else factor, failed


@composition("aten::cholesky")
def cholesky(self, upper: bool = False):
    """The factor of Cholesky, column by column: one step for each row."""
    rank = len(self.shape)
    factor, _ = _cholesky(_transposed(self, rank) if upper else self, rank, _known(self.shape[-1]))
    return _transposed(factor, rank) if upper else factor


@composition("aten::cholesky_solve")
def cholesky_solve(self, input2, upper: bool = False):
    """Two triangular systems, solved row by row."""
    size, rank = _known(input2.shape[-1]), len(input2.shape)
    lower = _lower(_transposed(input2, rank) if upper else input2)
    half = _solved_triangular(lower, self, size, False, False)
    return _solved_triangular(_transposed(lower, rank), half, size, True, False)


@composition("aten::cholesky_inverse")
def cholesky_inverse(self, upper: bool = False):
    """The inverse of the factor, row by row, times its transpose."""
    size, rank = _known(self.shape[-1]), len(self.shape)
    lower = _lower(_transposed(self, rank) if upper else self)
    inverse = _solved_triangular(lower, _identity(self, size), size, False, False)
    return op.MatMul(_transposed(inverse, rank), inverse)


# --- triangular systems ---


@composition("aten::linalg_solve_triangular")
def linalg_solve_triangular(self, B, upper: bool, left: bool = True, unitriangular: bool = False):
    """The system solved row by row."""
    size = _known(self.shape[-1])
    factor = _upper(self) if upper else _lower(self)
    if left:
        return _solved_triangular(factor, B, size, upper, unitriangular)
    rank = max(len(self.shape), len(B.shape))
    turned = _transposed(factor, len(self.shape))
    solved = _solved_triangular(turned, _transposed(B, len(B.shape)), size, not upper, unitriangular)
    return _transposed(solved, rank)


@composition("aten::triangular_solve")
def triangular_solve(self, A, upper: bool = True, transpose: bool = False, unitriangular: bool = False):
    """The system solved row by row."""
    size, rank = _known(A.shape[-1]), len(A.shape)
    factor = _upper(A) if upper else _lower(A)
    if transpose:
        factor = _transposed(factor, rank)
    solved = _solved_triangular(factor, self, size, upper != transpose, unitriangular)
    batch = op.Slice(op.Shape(solved), [0], [-2], [0])
    return solved, op.Expand(A, op.Concat(batch, op.Shape(A, start=rank - 2, end=rank), axis=0))


# --- LU ---


def _exchanged(order, k, place, rows):
    """Row numbers after rows `k` and `place` have changed places."""
    source = op.Where(op.Equal(rows, k), place, op.Where(op.Equal(rows, place), k, rows))
    return op.GatherElements(op.Expand(order, op.Shape(source)), source, axis=-2)


def _permuted(x, order):
    """The rows of `x` in another order."""
    shape = op.Shape(op.Add(x, op.CastLike(order, x)))
    return op.GatherElements(op.Expand(x, shape), op.Expand(order, shape), axis=-2)


def _factored(x, rows, columns, pivot=True):
    """Both factors in one matrix, the exchanges (from 1), the order of the rows, and the first pivot that is zero."""
    numbers = _numbers(rows)
    order, places, failed = numbers, [], None
    for k in range(min(rows, columns)):
        if pivot:
            below = _places(x, rows, lambda row, k=k: row >= k)
            sizes = op.Add(op.Mul(op.Abs(_column(x, k)), below), op.Sub(below, 1.0))
            place = op.ArgMax(sizes, axis=-2, keepdims=1)
            source = op.Where(op.Equal(numbers, k), place, op.Where(op.Equal(numbers, place), k, numbers))
            x = op.GatherElements(x, op.Expand(source, op.Shape(x)), axis=-2)
            order = _exchanged(order, k, place, numbers)
            places.append(op.Squeeze(op.Add(place, 1), [-1]))
        else:
            places.append(op.Add(op.Mul(op.ArgMax(_element(x, k), axis=-1, keepdims=0), 0), k + 1))
        head = _element(x, k)
        zero = op.Equal(head, 0.0)
        bad = op.Squeeze(zero, [-2, -1])
        failed = op.Cast(bad, to=ir.DataType.INT64) if failed is None else failed
        failed = op.Where(op.And(bad, op.Equal(failed, 0)), k + 1, failed)
        below = _places(x, rows, lambda row, k=k: row > k)
        factors = op.Mul(op.Div(_column(x, k), op.Where(zero, op.CastLike(1.0, x), head)), below)
        right = op.CastLike(op.Constant(value_floats=[float(column > k) for column in range(columns)]), x)
        here = op.CastLike(op.Constant(value_floats=[float(column == k) for column in range(columns)]), x)
        kept = op.Sub(x, op.Mul(op.Mul(_column(x, k), below), here))
        x = op.Add(op.Sub(kept, op.Mul(factors, op.Mul(_row(x, k), right))), op.Mul(factors, here))
    exchanges = op.Cast(op.Concat(*places, axis=-1), to=ir.DataType.INT32)
    return x, exchanges, order, op.Cast(failed, to=ir.DataType.INT32)


def _order_of(pivots, count, rows):
    """The order of the rows that exchanges (from 1) lead to."""
    numbers = _numbers(rows)
    order = numbers
    for k in range(count):
        place = op.Unsqueeze(op.Sub(op.Cast(_column(pivots, k), to=ir.DataType.INT64), 1), [-1])
        order = _exchanged(order, k, place, numbers)
    return order


def _solved(lu, order, right, size):
    """X with A X = right, for the factors of A and the order of its rows."""
    half = _solved_triangular(_lower(lu), _permuted(right, order), size, False, True)
    return _solved_triangular(_upper(lu), half, size, True, False)


@composition("aten::linalg_lu_factor_ex")
def linalg_lu_factor_ex(A, pivot: bool = True, check_errors: bool = False):
    """Gaussian elimination with the largest pivot of each column: one step for each row."""
    lu, exchanges, _, failed = _factored(A, _known(A.shape[-2]), _known(A.shape[-1]), pivot)
    return lu, exchanges, failed


def _apart(lu, rows, columns, rank):
    """The lower factor with a diagonal of ones, and the upper one."""
    count = min(rows, columns)
    eye = op.CastLike(op.EyeLike(op.ConstantOfShape([rows, count])), lu)
    lower = op.Add(_lower(op.Slice(lu, [0], [count], [-1]), -1), eye)
    return lower, _upper(op.Slice(lu, [0], [count], [-2]))


def _permutation(order, like, rows, rank):
    """P with A = P L U: row order[k] of P has its 1 in column k."""
    return op.CastLike(op.Equal(_transposed(order, rank) if rank == 2 else _flat(order), _numbers(rows)), like)


def _flat(order):
    """Row numbers as a row in place of a column."""
    return op.Unsqueeze(op.Squeeze(order, [-1]), [-2])


@composition("aten::linalg_lu")
def linalg_lu(A, pivot: bool = True):
    """Gaussian elimination with the largest pivot of each column: one step for each row."""
    rows, columns, rank = _known(A.shape[-2]), _known(A.shape[-1]), len(A.shape)
    lu, _, order, _ = _factored(A, rows, columns, pivot)
    lower, upper = _apart(lu, rows, columns, rank)
    permutation = op.CastLike(op.Equal(_flat(order), _numbers(rows)), A)
    return permutation if pivot else op.CastLike(op.ConstantOfShape([0]), A), lower, upper


@composition("aten::lu_unpack")
def lu_unpack(LU_data, LU_pivots, unpack_data: bool = True, unpack_pivots: bool = True):
    """The triangles of the factors, and the exchanges of rows done to the identity one by one."""
    rows, columns, rank = _known(LU_data.shape[-2]), _known(LU_data.shape[-1]), len(LU_data.shape)
    empty = op.CastLike(op.ConstantOfShape([0]), LU_data)
    lower, upper = _apart(LU_data, rows, columns, rank) if unpack_data else (empty, empty)
    if not unpack_pivots:
        return empty, lower, upper
    order = _order_of(LU_pivots, min(rows, columns), rows)
    return op.CastLike(op.Equal(_flat(order), _numbers(rows)), LU_data), lower, upper


@composition("aten::linalg_lu_solve")
def linalg_lu_solve(LU, pivots, B, left: bool = True, adjoint: bool = False):
    """The rows exchanged, and two triangular systems, solved row by row."""
    size = _known(LU.shape[-1])
    order = _order_of(pivots, size, size)
    if left and not adjoint:
        return _solved(LU, order, B, size)
    rank = max(len(LU.shape), len(B.shape))
    turned = _transposed(LU, len(LU.shape))
    right = B if left else _transposed(B, len(B.shape))
    if adjoint != left:  # X A = B, which is A^T X^T = B^T, or its adjoint
        solved = _solved(LU, order, right, size)
        return _transposed(solved, rank)
    half = _solved_triangular(_lower(turned), right, size, False, False)
    half = _solved_triangular(_upper(turned), half, size, True, True)
    back = op.TopK(op.Neg(op.CastLike(_flat(order), LU)), [size], axis=-1)[1]
    solved = _permuted(half, op.Unsqueeze(op.Squeeze(back, [-2]), [-1]))
    return solved if left else _transposed(solved, rank)


@composition("aten::_linalg_solve_ex")
def _linalg_solve_ex(A, B, left: bool = True, check_errors: bool = False):
    """Gaussian elimination with the largest pivot of each column, and two triangular systems, row by row."""
    size, rank = _known(A.shape[-1]), len(A.shape)
    lu, exchanges, order, failed = _factored(A, size, size)
    vector = len(B.shape) == 1 or (len(B.shape) == rank - 1 and list(B.shape) == list(A.shape[:-1]))
    right = op.Unsqueeze(B, [-1]) if vector else B
    if left:
        solved = _solved(lu, order, right, size)
        return op.Squeeze(solved, [-1]) if vector else solved, lu, exchanges, failed
    turned, _, turned_order, _ = _factored(_transposed(A, rank), size, size)
    solved = _solved(turned, turned_order, _transposed(right, len(B.shape) + vector), size)
    return _transposed(solved, max(rank, len(B.shape))), lu, exchanges, failed


@composition("aten::linalg_inv_ex")
def linalg_inv_ex(A, check_errors: bool = False):
    """Gaussian elimination with the largest pivot of each column, and two triangular systems, row by row."""
    size = _known(A.shape[-1])
    lu, _, order, failed = _factored(A, size, size)
    return _solved(lu, order, _identity(A, size), size), failed


@composition("aten::_linalg_slogdet")
def _linalg_slogdet(A):
    """Gaussian elimination with the largest pivot of each column; sign and logarithm of the product of the pivots."""
    size = _known(A.shape[-1])
    lu, exchanges, _, _ = _factored(A, size, size)
    diagonal = op.ReduceSum(op.Mul(lu, _identity(A, size)), [-1], keepdims=0)
    numbers = op.Constant(value=ir.tensor([k + 1 for k in range(size)], dtype=ir.DataType.INT32))
    moved = op.Cast(op.Not(op.Equal(exchanges, numbers)), to=ir.DataType.INT64)
    odd = op.Mod(op.ReduceSum(moved, [-1], keepdims=0), 2)
    parity = op.CastLike(op.Sub(1, op.Mul(odd, 2)), A)
    sign = op.Mul(op.ReduceProd(op.Sign(diagonal), [-1], keepdims=0), parity)
    return sign, op.ReduceSum(op.Log(op.Abs(diagonal)), [-1], keepdims=0), lu, exchanges


# --- powers ---


@composition("aten::linalg_matrix_exp")
def linalg_matrix_exp(self):
    """A polynomial of degree 12 of the matrix / 1024, squared ten times, in double precision."""
    if len(self.shape) == 2 and self.shape[-1] == 1:
        return op.Exp(self)
    size = self.shape[-1] if isinstance(self.shape[-1], int) else None
    wide = op.Cast(self, to=ir.DataType.DOUBLE)
    small = op.Mul(wide, 1 / 1024)
    side = [size, size] if size is not None else op.Slice(op.Shape(self), [-2], [2**63 - 1], [0])
    eye = op.CastLike(op.EyeLike(op.ConstantOfShape(side)), wide)
    result = op.Add(eye, op.Mul(small, 1 / 12))
    for degree in range(11, 0, -1):
        result = op.Add(eye, op.Mul(op.MatMul(small, result), 1 / degree))
    for _ in range(10):
        result = op.MatMul(result, result)
    return op.CastLike(result, self)
