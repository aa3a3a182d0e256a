"""NumPy's functions on tensors, with NumPy's rules: the layer that dynamo traces NumPy with (`torch._numpy`)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

layer: Any = importlib.import_module("torch._numpy")


def in_layer(tensor: torch.Tensor) -> Any:
    """A tensor as an array of the layer, which shares its memory (`torch._numpy.ndarray`, 2.9 - 2.14)."""
    return layer.ndarray(tensor)


def is_in_layer(value: object) -> bool:
    return isinstance(value, layer.ndarray)


def dtype_in_layer(dtype: Any) -> Any:
    """A dtype, as NumPy takes one, as torch has it; raises TypeError for one that torch does not have."""
    return layer.dtype(np.dtype(dtype).name).torch_dtype


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """A dtype of torch, or of the layer, as NumPy has it."""
    named: np.dtype[Any] = np.dtype(layer.dtype(dtype).name)
    return named


def is_dtype_of_layer(value: object) -> bool:
    return isinstance(value, layer.DType)


def function_in_layer(module: str, name: str) -> Callable[..., Any] | None:
    """The function of the layer that does what the one of this name does in `numpy`, `numpy.linalg` or `numpy.fft`."""
    part = module.removeprefix("numpy").removeprefix(".")
    owner = getattr(layer, part, None) if part else layer
    found = getattr(owner, name, None)
    return found if callable(found) else None
