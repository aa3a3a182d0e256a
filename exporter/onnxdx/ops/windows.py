# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Window functions of signal processing: constants, since their length is known at export."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from onnxscript.onnx_types import FLOAT as Float

from onnxdx.ops import onnx_function
from onnxdx.ops.values import FLOAT, Value, constant, given_dtype


def _cosines(length: int, periodic: bool, weights: Sequence[float], dtype: int | None) -> Value:
    """A sum of cosines over the window: w0 - w1 cos(t) + w2 cos(2t)."""
    span = length if periodic else length - 1
    turn = 2 * math.pi * np.arange(length) / max(span, 1)
    window = sum(weight * (-1) ** order * np.cos(order * turn) for order, weight in enumerate(weights))
    return constant(window if length > 1 else np.ones(length), given_dtype(dtype) or FLOAT)


@onnx_function("aten::hann_window")
def hann_window(window_length: int, dtype: int = -1) -> Float:
    """hann_window(int window_length, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _cosines(window_length, True, (0.5, 0.5), dtype)


@onnx_function("aten::hann_window.periodic")
def hann_window_periodic(window_length: int, periodic: bool, dtype: int = -1) -> Float:
    """hann_window.periodic(int window_length, bool periodic, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _cosines(window_length, periodic, (0.5, 0.5), dtype)


@onnx_function("aten::hamming_window")
def hamming_window(window_length: int, dtype: int = -1) -> Float:
    """hamming_window(int window_length, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _cosines(window_length, True, (0.54, 0.46), dtype)


@onnx_function(
    "aten::hamming_window.periodic", "aten::hamming_window.periodic_alpha", "aten::hamming_window.periodic_alpha_beta"
)
def hamming_window_periodic(
    window_length: int, periodic: bool, alpha: float = 0.54, beta: float = 0.46, dtype: int = -1
) -> Float:
    """hamming_window.periodic_alpha_beta(int window_length, bool periodic, float alpha, float beta, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _cosines(window_length, periodic, (alpha, beta), dtype)


@onnx_function("aten::blackman_window")
def blackman_window(window_length: int, dtype: int = -1) -> Float:
    """blackman_window(int window_length, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _cosines(window_length, True, (0.42, 0.5, 0.08), dtype)


@onnx_function("aten::blackman_window.periodic")
def blackman_window_periodic(window_length: int, periodic: bool, dtype: int = -1) -> Float:
    """blackman_window.periodic(int window_length, bool periodic, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _cosines(window_length, periodic, (0.42, 0.5, 0.08), dtype)


def _kaiser(length: int, periodic: bool, beta: float, dtype: int | None) -> Value:
    span = max(length if periodic else length - 1, 1)
    place = 2 * np.arange(length) / span - 1
    window = np.i0(beta * np.sqrt(np.maximum(1 - place**2, 0))) / np.i0(beta)
    return constant(window if length > 1 else np.ones(length), given_dtype(dtype) or FLOAT)


@onnx_function("aten::kaiser_window")
def kaiser_window(window_length: int, dtype: int = -1) -> Float:
    """kaiser_window(int window_length, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _kaiser(window_length, True, 12.0, dtype)


@onnx_function("aten::kaiser_window.periodic", "aten::kaiser_window.beta")
def kaiser_window_periodic(window_length: int, periodic: bool, beta: float = 12.0, dtype: int = -1) -> Float:
    """kaiser_window.beta(int window_length, bool periodic, float beta, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _kaiser(window_length, periodic, beta, dtype)


def _bartlett(length: int, periodic: bool, dtype: int | None) -> Value:
    span = max(length if periodic else length - 1, 1)
    window = 1 - np.abs(2 * np.arange(length) / span - 1)
    return constant(window if length > 1 else np.ones(length), given_dtype(dtype) or FLOAT)


@onnx_function("aten::bartlett_window")
def bartlett_window(window_length: int, dtype: int = -1) -> Float:
    """bartlett_window(int window_length, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _bartlett(window_length, True, dtype)


@onnx_function("aten::bartlett_window.periodic")
def bartlett_window_periodic(window_length: int, periodic: bool, dtype: int = -1) -> Float:
    """bartlett_window.periodic(int window_length, bool periodic, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"""
    return _bartlett(window_length, periodic, dtype)
