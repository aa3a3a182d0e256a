# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Fourier transforms, by ONNX DFT; complex tensors are pairs of real numbers on a last axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.complex_numbers import conj
from onnxdx.ops.shapes import rolled
from onnxdx.ops.values import (
    FLOAT,
    INT64,
    Size,
    Value,
    cast,
    constant,
    is_float,
    number,
    product,
    rank,
    scalar,
    shape,
    size,
)
from onnxdx.tracing.symbolic import op

_ROOT, _WHOLE = 1, 2
"""ATen's fft_norm_mode: divide by the root of the number of elements, or by the number; 0 is neither."""


def _transformed(x: Value, axes: Sequence[int], inverse: bool) -> Value:
    """DFT along axes; the leading one must not be the first of an ONNX DFT, which is that of the batch."""
    lifted = 0 in axes
    result = op.Unsqueeze(x, [0]) if lifted else x
    for axis in axes:
        result = op.DFT(result, axis=axis + lifted, inverse=int(inverse), onesided=0)
    return op.Squeeze(result, [0]) if lifted else result


def _scaled(x: Value, count: Any, normalization: int, inverse: bool) -> Value:
    """The result under ATen's normalisation; ONNX divides inverse transforms by the number of elements."""
    power = (1.0 if inverse else 0.0) - {0: 0.0, _ROOT: 0.5, _WHOLE: 1.0}[normalization]
    if power == 0:
        return x
    if isinstance(count, int):
        return op.Mul(x, number(float(count) ** power, x.dtype)) if count != 1 else x
    total = cast(count, x.dtype)
    factor = op.Sqrt(total) if abs(power) == 0.5 else total
    return op.Mul(x, factor) if power > 0 else op.Div(x, factor)


@onnx_function("aten::_fft_c2c", complex=True)
def fft_c2c(self: TFloat, dim: Sequence[int], normalization: int, forward: bool) -> TFloat:
    """_fft_c2c(Tensor self, SymInt[] dim, int normalization, bool forward) -> Tensor"""
    axes = [each if each >= 0 else each + rank(self) - 1 for each in dim]
    count = product([size(self, axis) for axis in axes])
    return _scaled(_transformed(self, axes, not forward), count, normalization, not forward)


@onnx_function("aten::_fft_r2c")
def fft_r2c(self: TFloat, dim: Sequence[int], normalization: int, onesided: bool) -> TFloat:
    """_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided) -> Tensor; the last of `dim` is halved"""
    *others, last = [each if each >= 0 else each + rank(self) for each in dim]
    count = product([size(self, axis) for axis in (*others, last)])
    lifted = last == 0
    column = op.Unsqueeze(self, [0, -1] if lifted else [-1])
    result = op.DFT(column, axis=last + lifted, inverse=0, onesided=int(onesided))
    result = op.Squeeze(result, [0]) if lifted else result
    return _scaled(_transformed(result, others, False), count, normalization, False)


@onnx_function("aten::_fft_c2r", complex=True)
def fft_c2r(self: TFloat, dim: Sequence[int], normalization: int, last_dim_size: Int64) -> TFloat:
    """_fft_c2r(Tensor self, int[] dim, int normalization, SymInt last_dim_size) -> Tensor

    The other half of the spectrum is the mirrored conjugate of the given one; then a full inverse transform.
    """
    *others, last = [each if each >= 0 else each + rank(self) - 1 for each in dim]
    count = product([*(size(self, axis) for axis in others), _one_element(last_dim_size)])
    spectrum = _transformed(self, others, True)
    known, mirrored = _halves(last_dim_size)
    half = op.Slice(spectrum, [0], shape([known]), [last])
    other = conj.func(op.Slice(spectrum, shape([mirrored]), [0], [last], [-1]))
    full = _transformed(op.Concat(half, other, axis=last), [last], True)
    return _scaled(op.Gather(full, number(0, INT64), axis=-1), count, normalization, True)


def _one_element(length: Size) -> Size:
    return length if isinstance(length, int) else op.Reshape(length, constant([1], INT64))


def _halves(length: Size) -> tuple[Size, Size]:
    """How many elements of the spectrum are given, and the last of them that has a mirror image."""
    if isinstance(length, int):
        return length // 2 + 1, (length - 1) // 2
    whole = scalar(length)
    return op.Add(op.Div(whole, 2), 1), op.Div(op.Sub(whole, 1), 2)


_BACKWARD, _FORWARD, _ORTHO = "backward", "forward", "ortho"


def _mode(norm: str | None, inverse: bool) -> int:
    """The `norm` argument of torch.fft as ATen's mode."""
    if norm == _ORTHO:
        return _ROOT
    divides = norm == _FORWARD if not inverse else norm in (None, _BACKWARD)
    return _WHOLE if divides else 0


def _fitted(x: Value, axis: int, n: Size | None, dims: int) -> Value:
    """Cut or padded with zeros to `n` elements along an axis."""
    if n is None:
        return x
    length = x.shape[axis]
    if isinstance(n, int) and isinstance(length, int):
        if n == length:
            return x
        if n < length:
            return _known(op.Slice(x, [0], [n], [axis]), x, axis, n)
        return _known(op.Pad(x, [0] * (dims + axis) + [n - length] + [0] * (dims - axis - 1)), x, axis, n)
    zero = number(0, INT64)
    missing = op.Max(op.Sub(shape([n]), op.Shape(x, start=axis, end=axis + 1)), zero)
    padded = op.Pad(x, shape([*[0] * (dims + axis), missing, *[0] * (dims - axis - 1)]))
    return _known(op.Slice(padded, [0], shape([n]), [axis]), x, axis, n if isinstance(n, int) else None)


def _known(result: Value, x: Value, axis: int, n: int | None) -> Value:
    """The result with the shape that follows from that of `x`."""
    result.shape = ir.Shape([n if each == axis else length for each, length in enumerate(x.shape)])
    return result


def _as_pairs(x: Value, is_complex: bool) -> Value:
    """A real tensor as pairs, with zeros for the imaginary part."""
    if is_complex:
        return x
    real = x if is_float(x) else cast(x, FLOAT)
    pairs = op.Pad(op.Unsqueeze(real, [-1]), [0] * (2 * rank(x) + 1) + [1])
    pairs.shape = ir.Shape([*x.shape, 2])
    return pairs


def _axes(x: Value, dim: Sequence[int] | None, s: Sequence[Size] | None, dims: int) -> list[int]:
    if dim is not None:
        return [each if each >= 0 else each + dims for each in dim]
    return list(range(dims - len(s), dims)) if s is not None else list(range(dims))


def _lengths(s: Sequence[Size] | None, axes: Sequence[int]) -> list[Size | None]:
    given = list(s) if s is not None else [None] * len(axes)
    return [None if isinstance(each, int) and each == -1 else each for each in given]


def _full(self: Value, s: Any, dim: Any, norm: str | None, inverse: bool, is_complex: bool) -> Value:
    """The complex transform along some dimensions, each cut or padded first."""
    x = _as_pairs(self, is_complex)
    axes = _axes(x, dim, s, rank(x) - 1)
    for axis, length in zip(axes, _lengths(s, axes), strict=True):
        x = _fitted(x, axis, length, rank(x))
    return fft_c2c.func(x, axes, _mode(norm, inverse), not inverse)


def _halved(self: Value, s: Any, dim: Any, norm: str | None) -> Value:
    """The transform of a real tensor, of which the last dimension keeps the first half."""
    x = self if is_float(self) else cast(self, FLOAT)
    x.shape = self.shape
    axes = _axes(x, dim, s, rank(x))
    for axis, length in zip(axes, _lengths(s, axes), strict=True):
        x = _fitted(x, axis, length, rank(x))
    return fft_r2c.func(x, axes, _mode(norm, False), True)


def _restored(self: Value, s: Any, dim: Any, norm: str | None, is_complex: bool, flipped: bool = False) -> Value:
    """The real tensor of a half spectrum; `flipped` for hfft, whose spectrum is the conjugate and which is a forward one."""
    x = _as_pairs(self, is_complex)
    axes = _axes(x, dim, s, rank(x) - 1)
    *others, last = _lengths(s, axes)
    for axis, length in zip(axes, others, strict=False):
        x = _fitted(x, axis, length, rank(x))
    if last is None:
        given = size(x, axes[-1])
        last = (
            2 * (given - 1)
            if isinstance(given, int)
            else op.Mul(op.Sub(scalar(given), number(1, INT64)), number(2, INT64))
        )
    half = last // 2 + 1 if isinstance(last, int) else op.Add(op.Div(scalar(last), number(2, INT64)), number(1, INT64))
    x = _fitted(x, axes[-1], half, rank(x))
    if flipped:
        shaped = x.shape
        x = conj.func(x)
        x.shape = shaped
    return fft_c2r.func(x, axes, _mode(norm, not flipped), last)


def _one(length: Size | None) -> list[Size] | None:
    return None if length is None else [length]


@onnx_function("aten::fft_fft")
def fft_of_real(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_fft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _full(self, _one(n), [dim], norm, False, False)


@onnx_function("aten::fft_fft", complex=True)
def fft(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_fft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _full(self, _one(n), [dim], norm, False, True)


@onnx_function("aten::fft_ifft")
def ifft_of_real(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_ifft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _full(self, _one(n), [dim], norm, True, False)


@onnx_function("aten::fft_ifft", complex=True)
def ifft(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_ifft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _full(self, _one(n), [dim], norm, True, True)


@onnx_function("aten::fft_rfft")
def rfft(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_rfft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _halved(self, _one(n), [dim], norm)


@onnx_function("aten::fft_irfft", complex=True)
def irfft(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_irfft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _restored(self, _one(n), [dim], norm, True)


@onnx_function("aten::fft_irfft")
def irfft_of_real(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_irfft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _restored(self, _one(n), [dim], norm, False)


@onnx_function("aten::fft_hfft", complex=True)
def hfft(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_hfft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _restored(self, _one(n), [dim], norm, True, flipped=True)


@onnx_function("aten::fft_hfft")
def hfft_of_real(self: TFloat, n: Int64 | None = None, dim: int = -1, norm: str | None = None) -> TFloat:
    """fft_hfft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"""
    return _restored(self, _one(n), [dim], norm, False, flipped=True)


@onnx_function("aten::fft_fft2")
def fft2_of_real(
    self: TFloat, s: Int64 | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> TFloat:
    """fft_fft2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, False, False)


@onnx_function("aten::fft_fft2", complex=True)
def fft2(self: TFloat, s: Int64 | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> TFloat:
    """fft_fft2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, False, True)


@onnx_function("aten::fft_ifft2", complex=True)
def ifft2(self: TFloat, s: Int64 | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> TFloat:
    """fft_ifft2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, True, True)


@onnx_function("aten::fft_ifft2")
def ifft2_of_real(
    self: TFloat, s: Int64 | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> TFloat:
    """fft_ifft2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, True, False)


@onnx_function("aten::fft_rfft2")
def rfft2(self: TFloat, s: Int64 | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> TFloat:
    """fft_rfft2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor"""
    return _halved(self, s, dim, norm)


@onnx_function("aten::fft_irfft2", complex=True)
def irfft2(self: TFloat, s: Int64 | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> TFloat:
    """fft_irfft2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor"""
    return _restored(self, s, dim, norm, True)


@onnx_function("aten::fft_fftn")
def fftn_of_real(
    self: TFloat, s: Int64 | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> TFloat:
    """fft_fftn(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, False, False)


@onnx_function("aten::fft_fftn", complex=True)
def fftn(self: TFloat, s: Int64 | None = None, dim: Sequence[int] | None = None, norm: str | None = None) -> TFloat:
    """fft_fftn(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, False, True)


@onnx_function("aten::fft_ifftn", complex=True)
def ifftn(self: TFloat, s: Int64 | None = None, dim: Sequence[int] | None = None, norm: str | None = None) -> TFloat:
    """fft_ifftn(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, True, True)


@onnx_function("aten::fft_ifftn")
def ifftn_of_real(
    self: TFloat, s: Int64 | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> TFloat:
    """fft_ifftn(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"""
    return _full(self, s, dim, norm, True, False)


@onnx_function("aten::fft_rfftn")
def rfftn(self: TFloat, s: Int64 | None = None, dim: Sequence[int] | None = None, norm: str | None = None) -> TFloat:
    """fft_rfftn(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"""
    return _halved(self, s, dim, norm)


@onnx_function("aten::fft_irfftn", complex=True)
def irfftn(self: TFloat, s: Int64 | None = None, dim: Sequence[int] | None = None, norm: str | None = None) -> TFloat:
    """fft_irfftn(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"""
    return _restored(self, s, dim, norm, True)


def _shifted(self: Value, dim: Any, dims: int, back: bool) -> Value:
    """Rolled by half of each size: the zero frequency to the middle, or back."""
    result = self
    for axis in _axes(self, [dim] if isinstance(dim, int) else dim, None, dims):
        length = size(self, axis)
        if isinstance(length, int):
            shift: Size = (length + 1) // 2 if back else length // 2
        else:
            shift = op.Div(op.Add(length, number(1, INT64)) if back else length, number(2, INT64))
        result = rolled(result, shift, axis, length)
    return op.Identity(self) if result is self else result


@onnx_function("aten::fft_fftshift", complex=True)
def fftshift(self: TFloat, dim: Sequence[int] | None = None) -> TFloat:
    """fft_fftshift(Tensor self, int[1]? dim=None) -> Tensor"""
    return _shifted(self, dim, rank(self) - 1, False)


@onnx_function("aten::fft_fftshift")
def fftshift_of_real(self: TFloat, dim: Sequence[int] | None = None) -> TFloat:
    """fft_fftshift(Tensor self, int[1]? dim=None) -> Tensor"""
    return _shifted(self, dim, rank(self), False)


@onnx_function("aten::fft_ifftshift", complex=True)
def ifftshift(self: TFloat, dim: Sequence[int] | None = None) -> TFloat:
    """fft_ifftshift(Tensor self, int[1]? dim=None) -> Tensor"""
    return _shifted(self, dim, rank(self) - 1, True)


@onnx_function("aten::fft_ifftshift")
def ifftshift_of_real(self: TFloat, dim: Sequence[int] | None = None) -> TFloat:
    """fft_ifftshift(Tensor self, int[1]? dim=None) -> Tensor"""
    return _shifted(self, dim, rank(self), True)


@onnx_function("aten::stft")
def stft(
    self: TFloat,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: TFloat | None = None,
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> TFloat:
    """stft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool normalized=False, bool? onesided=None, bool? return_complex=None, bool? align_to_window=None) -> Tensor"""
    if align_to_window:
        raise NotImplementedError("align_to_window")
    hop, width = hop_length or n_fft // 4, win_length or n_fft
    left = (n_fft - width) // 2
    if window is None:
        flat = [1.0 if left <= place < left + width else 0.0 for place in range(n_fft)]
        window = constant(flat, self.dtype)
    elif width < n_fft:
        window = op.Pad(window, [left, n_fft - width - left])
    lines = rank(self) == 1
    signal = op.Unsqueeze(self, [0, -1] if lines else [-1])
    frames = op.STFT(signal, number(hop, INT64), cast(window, self.dtype), number(n_fft, INT64),
                     onesided=int(onesided is None or onesided))  # fmt: skip
    result = op.Transpose(frames, perm=[0, 2, 1, 3])
    if normalized:
        result = op.Mul(result, number(1.0 / math.sqrt(n_fft), self.dtype))
    return op.Squeeze(result, [0]) if lines else result
