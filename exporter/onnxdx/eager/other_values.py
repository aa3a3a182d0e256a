"""Inputs with other values of the same kind: what a model must not depend on while it is captured."""

from __future__ import annotations

from typing import Any

import torch

from onnxdx.compat.pytree import map_leaves


def varied(inputs: Any) -> Any:
    """Nested inputs in which every tensor holds its own values in another order, so that all are values it may have.

    Floats are a little smaller as well, so that sums and extremes differ too. Sorted integers stay: they are positions,
    offsets or lengths, which another order makes nonsense of. The same inputs always give the same ones.
    """
    generator = torch.Generator().manual_seed(0)
    return map_leaves(lambda leaf: _varied(leaf, generator) if isinstance(leaf, torch.Tensor) else leaf, inputs)


def _varied(tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if tensor.layout is not torch.strided or tensor.numel() == 0:
        return tensor
    flat = tensor.detach().flatten()
    plain = not flat.is_floating_point() and not flat.is_complex()
    if plain and flat.dtype is not torch.bool and bool((flat[1:] >= flat[:-1]).all()):
        return tensor
    other = flat[torch.randperm(flat.numel(), generator=generator).to(flat.device)]
    if not plain and flat.dtype.itemsize > 1:
        factors = torch.rand(flat.shape, generator=generator).to(flat.device, flat.dtype.to_real())
        other = (other * (0.9 + 0.1 * factors)).to(flat.dtype)
    return other.reshape(tensor.shape)
