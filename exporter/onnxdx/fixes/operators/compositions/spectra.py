# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Eigenvalues and singular values of matrices by Jacobi's rotations, in double precision and in one loop."""

from __future__ import annotations

import onnx_ir as ir
from onnxscript import script

from onnxdx.fixes.operators.compositions import composition
from onnxdx.tracing.symbolic import op


@script(default_opset=op)
def _rotated(a, cosine, sine, pairs, square):
    """Columns 2 k and 2 k + 1 of each matrix, turned into one another."""
    paired = op.Reshape(a, pairs)
    one = op.Squeeze(op.Slice(paired, [0], [1], [3]), [3])
    other = op.Squeeze(op.Slice(paired, [1], [2], [3]), [3])
    left = cosine * one - sine * other
    right = sine * one + cosine * other
    return op.Reshape(op.Concat(op.Unsqueeze(left, [3]), op.Unsqueeze(right, [3]), axis=3), square)


@script(default_opset=op)
def _diagonalised(matrix, vectors, halves, order, pairs, blocks, square, steps):
    """Jacobi's rotations of all pairs (2 k, 2 k + 1) at once; then the rows change places as in a tournament."""
    a = op.Identity(matrix)
    v = op.Identity(vectors)
    for _ in range(steps):
        block = op.ReduceSum(op.Reshape(a, blocks) * halves, [3], keepdims=0)
        first = op.Squeeze(op.Slice(block, [0, 0], [1, 1], [2, 3]), [2, 3])
        last = op.Squeeze(op.Slice(block, [1, 1], [2, 2], [2, 3]), [2, 3])
        between = op.Squeeze(op.Slice(block, [0, 1], [1, 2], [2, 3]), [2, 3])
        none = between == 0.0
        ratio = (last - first) / (2.0 * op.Where(none, op.CastLike(1.0, between), between))
        size = op.Abs(ratio)
        tangent = 1.0 / (size + op.Sqrt(1.0 + size * size))
        tangent = op.Where(ratio < 0.0, -tangent, tangent)
        tangent = op.Where(none, op.CastLike(0.0, tangent), tangent)
        cosine = op.Unsqueeze(1.0 / op.Sqrt(1.0 + tangent * tangent), [1])
        sine = cosine * op.Unsqueeze(tangent, [1])
        a = _rotated(a, cosine, sine, pairs, square)
        a = _rotated(op.Transpose(a, perm=[0, 2, 1]), cosine, sine, pairs, square)
        a = op.Gather(op.Gather(a, order, axis=1), order, axis=2)
        v = op.Gather(_rotated(v, cosine, sine, pairs, square), order, axis=2)
    return a, v


def _known(size):
    """A size as a number."""
    if not isinstance(size, int) or size == 0:
        raise NotImplementedError("this is for matrices of a known size")
    return size


def _tournament(size):
    """Where each place gets its next row from, so that all pairs meet in size - 1 rounds and are back after them."""
    order = list(range(size))
    if size > 2:
        for k in range(size // 2):
            order[2 * k] = 0 if k == 0 else 1 if k == 1 else 2 * k - 2
            order[2 * k + 1] = 2 * k + 3 if k < size // 2 - 1 else size - 2
    return order


def _eigen(x, size):
    """Ascending eigenvalues of symmetric matrices in double precision, and their vectors as columns, by batch."""
    even = size + size % 2
    half = even // 2
    flat = op.Reshape(x, [-1, size, size])
    if even > size:
        flat = op.Pad(flat, [0, 0, 0, 0, 1, 1])
    eye = op.Cast(op.EyeLike(op.ConstantOfShape([even, even])), to=ir.DataType.DOUBLE)
    halves = op.Cast(op.EyeLike(op.ConstantOfShape([half, half])), to=ir.DataType.DOUBLE)
    steps = op.Constant(value_int=12 * max(even - 1, 1))
    turned, vectors = _diagonalised(
        flat,
        op.Expand(eye, op.Shape(flat)),
        op.Unsqueeze(halves, [1, 3]),
        op.Constant(value_ints=_tournament(even)),
        op.Constant(value_ints=[-1, even, half, 2]),
        op.Constant(value_ints=[-1, half, 2, half, 2]),
        op.Constant(value_ints=[-1, even, even]),
        steps,
    )
    values = op.Slice(op.ReduceSum(op.Mul(turned, eye), [2], keepdims=0), [0], [size], [1])
    values, places = op.TopK(values, [size], axis=1, largest=0)
    vectors = op.Slice(vectors, [0, 0], [size, size], [1, 2])
    places = op.Expand(op.Unsqueeze(places, [1]), op.Shape(vectors))
    return values, op.GatherElements(vectors, places, axis=2)


def _wide(x):
    return op.Cast(x, to=ir.DataType.DOUBLE)


def _transposed(x, rank):
    return op.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])


@composition("aten::_linalg_eigh")
def _linalg_eigh(A, UPLO: str = "L", compute_v: bool = True):
    """Jacobi's rotations in double precision; the vectors have a sign of their own."""
    size, rank = _known(A.shape[-1]), len(A.shape)
    lower = _wide(_transposed(A, rank) if UPLO.upper() == "U" else A)
    below = op.Trilu(lower, op.Constant(value_int=-1), upper=0)
    whole = op.Add(op.Trilu(lower, op.Constant(value_int=0), upper=0), _transposed(below, rank))
    values, vectors = _eigen(whole, size)
    values = op.CastLike(op.Reshape(values, op.Slice(op.Shape(A), [0], [-1], [0])), A)
    if not compute_v:
        return values, op.CastLike(op.ConstantOfShape([0]), A)
    return values, op.CastLike(op.Reshape(vectors, op.Shape(A)), A)


def _part(z, part):
    """The real or the imaginary part of complex numbers, whose last dimension is that of the two."""
    return op.Gather(z, op.Constant(value_int=part), axis=len(z.shape) - 1)


def _as_real(real, imag, rank):
    """The real matrices of twice the size that multiply as complex ones do, in double precision."""
    upper = op.Concat(real, op.Neg(imag), axis=rank - 1)
    return _wide(op.Concat(upper, op.Concat(imag, real, axis=rank - 1), axis=rank - 2))


def _as_complex(columns, size, like, shape):
    """Columns of twice the size as complex ones: the real parts stand above the imaginary ones."""
    real = op.Slice(columns, [0], [size], [1])
    imag = op.Slice(columns, [size], [2 * size], [1])
    both = op.Concat(op.Unsqueeze(real, [-1]), op.Unsqueeze(imag, [-1]), axis=-1)
    return op.CastLike(op.Reshape(both, shape), like)


@composition("aten::_linalg_eigh", complex=True)
def _linalg_eigh_of_complex(A, UPLO: str = "L", compute_v: bool = True):
    """Every other eigenvalue of the real matrix of twice the size, by Jacobi's rotations; vectors with a phase of
    their own.
    """
    size, rank = _known(A.shape[-2]), len(A.shape) - 1
    real, imag = _part(A, 0), _part(A, 1)
    if UPLO.upper() == "U":
        real, imag = _transposed(real, rank), op.Neg(_transposed(imag, rank))
    below, whole = op.Constant(value_int=-1), op.Constant(value_int=0)
    real = op.Add(op.Trilu(real, whole, upper=0), _transposed(op.Trilu(real, below, upper=0), rank))
    imag = op.Trilu(imag, below, upper=0)
    values, vectors = _eigen(_as_real(real, op.Sub(imag, _transposed(imag, rank)), rank), 2 * size)
    every_other = op.Constant(value_ints=list(range(0, 2 * size, 2)))
    values = op.Reshape(op.Gather(values, every_other, axis=1), op.Slice(op.Shape(A), [0], [-2], [0]))
    vectors = _as_complex(op.Gather(vectors, every_other, axis=2), size, A, op.Shape(A))
    return op.CastLike(values, A), vectors


@composition("aten::_linalg_svd", complex=True)
def _linalg_svd_of_complex(A, full_matrices: bool = False, compute_uv: bool = True, driver: str | None = None):
    """Every other singular value of the real matrix of twice the size, by Jacobi's rotations; vectors with phases of
    their own.
    """
    rows, columns, rank = _known(A.shape[-3]), _known(A.shape[-2]), len(A.shape) - 1
    if rows < columns or (compute_uv and full_matrices and rows != columns):
        raise NotImplementedError("this is for as many columns as there are singular values")
    whole = _as_real(_part(A, 0), _part(A, 1), rank)
    values, vectors = _eigen(_gram(whole, 2 * rows, 2 * columns, rank), 2 * columns)
    every_other = op.Constant(value_ints=list(range(2 * columns - 1, 0, -2)))
    roots = op.Sqrt(op.Max(op.Gather(values, every_other, axis=1), 0.0))
    vectors = op.Gather(vectors, every_other, axis=2)
    batch = op.Slice(op.Shape(A), [0], [-3], [0])
    singular = op.CastLike(op.Reshape(roots, op.Concat(batch, [columns], axis=0)), A)
    left = op.MatMul(op.Reshape(whole, [-1, 2 * rows, 2 * columns]), vectors)
    left = _as_complex(op.Div(left, op.Unsqueeze(op.Max(roots, 1e-300), [1])), rows, A, op.Shape(A))
    turned = _as_complex(vectors, columns, A, op.Concat(batch, [columns, columns, 2], axis=0))
    right = op.Mul(turned, op.CastLike(op.Constant(value_floats=[1.0, -1.0]), A))
    return left, singular, op.Transpose(right, perm=[*range(rank - 2), rank - 1, rank - 2, rank])


def _gram(x, rows, columns, rank):
    """A^T A or A A^T, whichever is smaller, in double precision."""
    turned = _transposed(x, rank)
    return op.MatMul(turned, x) if rows >= columns else op.MatMul(x, turned)


@composition("aten::_linalg_svd")
def _linalg_svd(A, full_matrices: bool = False, compute_uv: bool = True, driver: str | None = None):
    """Roots of the eigenvalues of A^T A, by Jacobi's rotations in double precision; vectors with signs of their own."""
    rows, columns, rank = _known(A.shape[-2]), _known(A.shape[-1]), len(A.shape)
    count = min(rows, columns)
    if compute_uv and full_matrices and rows != columns:
        raise NotImplementedError("this is for as many vectors as there are singular values")
    wide = _wide(A)
    values, vectors = _eigen(_gram(wide, rows, columns, rank), count)
    back = op.Constant(value_ints=list(range(count - 1, -1, -1)))
    roots = op.Sqrt(op.Max(op.Gather(values, back, axis=1), 0.0))
    batch = op.Slice(op.Shape(A), [0], [-2], [0])
    singular = op.CastLike(op.Reshape(roots, op.Concat(batch, [count], axis=0)), A)
    if not compute_uv:
        empty = op.CastLike(op.ConstantOfShape([0]), A)
        return empty, singular, empty
    vectors = op.Reshape(op.Gather(vectors, back, axis=2), op.Concat(batch, [count, count], axis=0))
    scale = op.Reshape(op.Max(roots, 1e-300), op.Concat(batch, [1, count], axis=0))
    if rows >= columns:
        left = op.Div(op.MatMul(wide, vectors), scale)
        return op.CastLike(left, A), singular, op.CastLike(_transposed(vectors, rank), A)
    right = op.Div(op.MatMul(_transposed(wide, rank), vectors), scale)
    return op.CastLike(vectors, A), singular, op.CastLike(_transposed(right, rank), A)


def _inverse_of_gram(x, rows, columns, rank, least):
    """The inverse of A^T A or A A^T where roots of its eigenvalues are above `least(largest root)`, and the roots."""
    count = min(rows, columns)
    values, vectors = _eigen(_gram(x, rows, columns, rank), count)
    batch = op.Slice(op.Shape(x), [0], [-2], [0])
    vectors = op.Reshape(vectors, op.Concat(batch, [count, count], axis=0))
    values = op.Reshape(values, op.Concat(batch, [1, count], axis=0))
    roots = op.Sqrt(op.Max(values, 0.0))
    kept = op.Greater(roots, least(op.ReduceMax(roots, [-1], keepdims=1)))
    inverse = op.Where(kept, op.Div(1.0, op.Where(kept, values, op.CastLike(1.0, values))), op.CastLike(0.0, values))
    return op.MatMul(op.Mul(vectors, inverse), _transposed(vectors, rank)), kept


@composition("aten::linalg_pinv.atol_rtol_tensor")
def linalg_pinv_atol_rtol_tensor(self, atol=None, rtol=None, hermitian: bool = False):
    """The inverse of A^T A where its eigenvalues are not small, by Jacobi's rotations in double precision."""
    rows, columns, rank = _known(self.shape[-2]), _known(self.shape[-1]), len(self.shape)
    wide = _wide(self)
    if hermitian:  # of which eager reads the lower triangle
        below = op.Trilu(wide, op.Constant(value_int=-1), upper=0)
        wide = op.Add(op.Trilu(wide, op.Constant(value_int=0), upper=0), _transposed(below, rank))
    epsilon = 2.0**-52 if self.dtype == ir.DataType.DOUBLE else 2.0**-23
    absolute = op.CastLike(0.0, wide) if atol is None else op.Unsqueeze(_wide(atol), [-2, -1])
    relative = op.Where(op.Greater(absolute, 0.0), op.CastLike(0.0, wide), max(rows, columns) * epsilon)
    if rtol is not None:
        relative = op.Unsqueeze(_wide(rtol), [-2, -1])

    def least(largest):
        return op.Max(absolute, op.Mul(relative, largest))

    middle, _ = _inverse_of_gram(wide, rows, columns, rank, least)
    turned = _transposed(wide, rank)
    return op.CastLike(op.MatMul(middle, turned) if rows >= columns else op.MatMul(turned, middle), self)


@composition("aten::linalg_lstsq")
def linalg_lstsq(self, b, rcond: float | None = None, driver: str | None = None):
    """The pseudo-inverse by the inverse of A^T A where its eigenvalues are not small, in double precision."""
    if driver not in (None, "gelsy", "gels"):
        raise NotImplementedError("this is for the drivers that give no singular values")
    rows, columns, rank = _known(self.shape[-2]), _known(self.shape[-1]), len(self.shape)
    if len(b.shape) != rank:
        raise NotImplementedError("this is for matrices on the right")
    wide = _wide(self)
    epsilon = 2.0**-52 if self.dtype == ir.DataType.DOUBLE else 2.0**-23
    share = max(rows, columns) * epsilon if rcond is None else rcond

    def least(largest):
        return op.Mul(largest, share)

    middle, kept = _inverse_of_gram(wide, rows, columns, rank, least)
    turned = _transposed(wide, rank)
    right = _wide(b)
    solution = op.MatMul(middle, op.MatMul(turned, right)) if rows >= columns else None
    if solution is None:
        solution = op.MatMul(turned, op.MatMul(middle, right))
    found = op.ReduceSum(op.Cast(kept, to=ir.DataType.INT64), [-2, -1], keepdims=0)
    empty = op.CastLike(op.ConstantOfShape([0]), self)
    return op.CastLike(solution, self), empty, found, empty
