# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Fourier transforms, by ONNX DFT; complex tensors are pairs of real numbers on a last axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from onnxscript.function_libs.torch_lib.tensor_typing import TFloat
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.complex_numbers import conj
from onnxdx.ops.values import INT64, Size, Value, cast, constant, number, product, rank, scalar, shape, size
from onnxdx.tracing import op

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
