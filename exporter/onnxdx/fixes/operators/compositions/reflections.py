# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Orthogonal factors of matrices by Householder's reflections, with the signs of LAPACK: one step for each column."""

from __future__ import annotations

import onnx_ir as ir

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


def _known(size):
    """A size as a number."""
    if not isinstance(size, int):
        raise NotImplementedError("this is for matrices of a known size, each column of which is a step")
    return size


def _places(like, size, wanted):
    """A column with 1 in the rows that are `wanted`, else 0."""
    return op.CastLike(op.Constant(value=ir.tensor([[float(wanted(k))] for k in range(size)])), like)


def _column(x, k):
    return op.Slice(x, [k], [k + 1], [-1])


def _transposed(x, rank):
    return op.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])


def _reflected(x, rank, rows, columns):
    """R above vectors of the reflections below its diagonal, and their factors, as LAPACK's geqrf has them."""
    factors = []
    for k in range(min(rows, columns)):
        here, below = _places(x, rows, lambda row, k=k: row == k), _places(x, rows, lambda row, k=k: row > k)
        column = _column(x, k)
        head = op.ReduceSum(op.Mul(column, here), [-2], keepdims=1)
        tail = op.Mul(column, below)
        rest = op.ReduceSum(op.Mul(tail, tail), [-2], keepdims=1)
        length = op.Sqrt(op.Add(op.Mul(head, head), rest))
        plain = op.Equal(rest, 0.0)
        turned = op.Where(plain, head, op.Where(op.Less(head, 0.0), length, op.Neg(length)))
        divisor = op.Where(plain, op.CastLike(1.0, x), op.Sub(head, turned))
        vector = op.Add(op.Div(tail, divisor), here)
        factor = op.Where(plain, op.CastLike(0.0, x), op.Div(op.Sub(turned, head), op.Where(plain, divisor, turned)))
        factors.append(op.Squeeze(factor, [-1]))
        image = op.Sub(x, op.Mul(op.Mul(vector, factor), op.MatMul(_transposed(vector, rank), x)))
        right = op.CastLike(op.Constant(value_floats=[float(column > k) for column in range(columns)]), x)
        at = op.CastLike(op.Constant(value_floats=[float(column == k) for column in range(columns)]), x)
        left = op.Sub(op.Sub(1.0, right), at)
        above = _places(x, rows, lambda row, k=k: row < k)
        kept = op.Add(op.Add(op.Mul(column, above), op.Mul(turned, here)), op.Mul(vector, below))
        x = op.Add(op.Add(op.Mul(x, left), op.Mul(kept, at)), op.Mul(image, right))
    return x, op.Concat(*factors, axis=-1)


def _turned(vectors, factors, x, rank, rows, order):
    """`x` after the reflections in an order, the last of the order first."""
    for k in reversed(order):
        here, below = _places(x, rows, lambda row, k=k: row == k), _places(x, rows, lambda row, k=k: row > k)
        vector = op.Add(op.Mul(_column(vectors, k), below), here)
        factor = op.Unsqueeze(_column(factors, k), [-1])
        x = op.Sub(x, op.Mul(op.Mul(vector, factor), op.MatMul(_transposed(vector, rank), x)))
    return x


def _some_identity(like, rows, columns):
    return op.CastLike(op.EyeLike(op.ConstantOfShape([rows, columns])), like)


@composition("aten::geqrf")
def geqrf(self):
    """Householder's reflections, column by column, with the signs of LAPACK."""
    return _reflected(self, len(self.shape), _known(self.shape[-2]), _known(self.shape[-1]))


@composition("aten::linalg_qr")
def linalg_qr(A, mode: str = "reduced"):
    """Householder's reflections, column by column, with the signs of LAPACK."""
    rows, columns, rank = _known(A.shape[-2]), _known(A.shape[-1]), len(A.shape)
    count = min(rows, columns)
    reflected, factors = _reflected(A, rank, rows, columns)
    kept = rows if mode == "complete" else count
    upper = op.Trilu(op.Slice(reflected, [0], [kept], [-2]), op.Constant(value_int=0), upper=1)
    if mode == "r":
        return op.CastLike(op.ConstantOfShape([0]), A), upper
    orthogonal = _turned(reflected, factors, _some_identity(A, rows, kept), rank, rows, range(count))
    return orthogonal, upper


@composition("aten::linalg_householder_product")
def linalg_householder_product(input, tau):
    """The reflections done to the identity, the last first."""
    rows, columns, rank = _known(input.shape[-2]), _known(input.shape[-1]), len(input.shape)
    eye = op.Expand(_some_identity(input, rows, columns), op.Shape(input))
    return _turned(input, tau, eye, rank, rows, range(_known(tau.shape[-1])))


@composition("aten::ormqr")
def ormqr(self, input2, input3, left: bool = True, transpose: bool = False):
    """The reflections done to the matrix, one by one."""
    rows, rank = _known(self.shape[-2]), len(self.shape)
    steps = list(range(_known(input2.shape[-1])))
    order = steps if left != transpose else steps[::-1]
    if left:
        return _turned(self, input2, input3, rank, rows, order)
    solved = _turned(self, input2, _transposed(input3, rank), rank, rows, order)
    return _transposed(solved, rank)
