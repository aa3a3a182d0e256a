"""Tensors that stand for others: fake ones, made and changed without memory, and those of vmap and derivatives."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

# FakeTensorMode carries the shapes that capture saw; needed to decompose a node under the same symbols (2.9 - 2.14).
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from onnxdx.compat.patching import replaced

__all__ = [
    "FakeTensor",
    "FakeTensorMode",
    "drawing_without_values",
    "fake_mode_of",
    "forget_conversions",
    "is_functorch_tensor",
]


def is_functorch_tensor(value: object) -> bool:
    """Whether a tensor belongs to a vmap or a derivative (`torch._C._functorch`, 2.9 - 2.14)."""
    return isinstance(value, torch.Tensor) and bool(torch._C._functorch.is_functorch_wrapped_tensor(value))


def fake_mode_of(value: object) -> FakeTensorMode | None:
    """The fake mode that a captured tensor belongs to (`FakeTensor.fake_mode`, 2.9 - 2.14)."""
    mode = getattr(value, "fake_mode", None)
    return mode if isinstance(mode, FakeTensorMode) else None


@contextlib.contextmanager
def drawing_without_values() -> Iterator[None]:
    """While open, a truncated normal distribution is drawn once: torch draws again until all values are in bounds.

    Values of fake tensors never are (`torch.nn.init._no_grad_trunc_normal_`, 2.9 - 2.14).
    """

    def draw(
        tensor: torch.Tensor, mean: float, std: float, a: float, b: float, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        with torch.no_grad():
            return tensor.normal_(mean, std, generator=generator).clamp_(a, b)

    with replaced(torch.nn.init, "_no_grad_trunc_normal_", draw):
        yield


def forget_conversions(mode: FakeTensorMode) -> None:
    """Have a fake mode hold no weak references to its tensors.

    torch swaps a fake parameter with what `module.half()` makes of it, which it refuses for tensors with weak
    references - and its own memo of what it made fake has one to each (`MetaConverter.tensor_memo`, 2.9 - 2.14).
    """
    mode.fake_tensor_converter.meta_converter.tensor_memo.clear()
