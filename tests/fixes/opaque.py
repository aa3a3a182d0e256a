"""A computation that no trace follows, for bodies of operators that are to stay unknown."""

from __future__ import annotations

import torch


def opaque(x: torch.Tensor) -> torch.Tensor:
    """The same values, by way of their bytes."""
    return torch.frombuffer(bytearray(x.numpy().tobytes()), dtype=x.dtype).reshape(x.shape)
