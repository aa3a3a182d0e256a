"""Other inputs for a model: its sample inputs with other values, drawn so that decisions on them go both ways."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

Leaf = Any
"""A tensor, a NumPy array or a number."""


def leaves(value: Any) -> list[Leaf]:
    """The tensors, arrays and numbers in a nested value, in order; objects are looked into by their attributes."""
    found: list[Leaf] = []

    def note(leaf: Leaf) -> Leaf:
        found.append(leaf)
        return leaf

    mapped(note, value)
    return found


def mapped(change: Callable[[Leaf], Leaf], value: Any) -> Any:
    """A copy of a nested value with each leaf changed."""
    if isinstance(value, torch.Tensor) or type(value).__module__ == "numpy":
        return change(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return change(value)
    if isinstance(value, (tuple, list)):
        items = [mapped(change, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else _sequence(value, items)
    if isinstance(value, dict):
        changed = copy.copy(value)
        for key, item in value.items():
            changed[key] = mapped(change, item)
        return changed
    if isinstance(value, torch.nn.Module) or not hasattr(value, "__dict__") or isinstance(value, type):
        return value
    return _object(change, value)


def _sequence(value: Sequence[Any], items: list[Any]) -> Any:
    return type(value)(items)  # type: ignore[call-arg]


def _object(change: Callable[[Leaf], Leaf], value: Any) -> Any:
    changed = copy.copy(value)
    for name, item in vars(value).items():
        if dataclasses.is_dataclass(value) or isinstance(item, (torch.Tensor, tuple, list, dict)):
            object.__setattr__(changed, name, mapped(change, item))
    return changed


@dataclasses.dataclass(frozen=True)
class Draw:
    """One set of input leaves, and a factor for the weights, which makes decisions on what they give go both ways."""

    leaves: tuple[Leaf, ...]
    weights: float = 1.0


def draws(sample: Sequence[Leaf]) -> Iterator[Draw]:
    """The sample itself, and then others of the same dtypes and shapes, always the same ones."""
    generator = torch.Generator().manual_seed(0)
    yield Draw(tuple(sample))
    for change in _CHANGES.values():
        yield Draw(tuple(_changed(change, leaf, generator) for leaf in sample))
    yield Draw(tuple(_alike(sample)))
    for factor in (-1.0, 0.0, 30.0, -30.0):
        yield Draw(tuple(sample), factor)
    kinds = list(_CHANGES.values())
    for number in itertools.count():
        chosen = torch.randint(0, len(kinds), (len(sample),), generator=generator).tolist()
        factor = 1.0 if number % 2 else float(torch.randn((), generator=generator)) * 3
        changed = [_changed(kinds[index], leaf, generator) for index, leaf in zip(chosen, sample, strict=True)]
        yield Draw(tuple(changed), factor)


_Change = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def _changed(change: _Change, leaf: Leaf, generator: torch.Generator) -> Leaf:
    if not isinstance(leaf, torch.Tensor) or leaf.layout is not torch.strided or leaf.numel() == 0 or leaf.is_quantized:
        return leaf
    value = leaf.detach().cpu()
    if value.dtype is torch.bool:
        return _flags(change, value, generator)
    if value.is_floating_point():
        return change(value.float(), generator).to(value.dtype)
    if value.is_complex():
        return change(torch.view_as_real(value.to(torch.complex64)), generator).sum(-1).to(value.dtype)
    return _whole(change, value, generator)


def _flags(change: _Change, value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    changed = change(value.float() - 0.5, generator)
    return changed.nan_to_num(1.0) > 0


def _whole(change: _Change, value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Whole numbers stay in the range they have, as they may be positions; a lone one may also be one more or less."""
    low, high = int(value.min()), int(value.max())
    if value.numel() == 1:
        low, high = min(low - 1, 0), high + 1
    changed = change(value.float(), generator).nan_to_num(0.0, 0.0, 0.0)
    return changed.round().clamp(low, high).to(value.dtype)


def _alike(sample: Sequence[Leaf]) -> Iterator[Leaf]:
    """All tensors of one dtype and shape the same."""
    first: dict[tuple[torch.dtype, torch.Size], torch.Tensor] = {}
    for leaf in sample:
        yield first.setdefault((leaf.dtype, leaf.shape), leaf) if isinstance(leaf, torch.Tensor) else leaf


def _shuffled(value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    order = torch.randperm(value.numel(), generator=generator)
    return value.flatten()[order].reshape(value.shape)


def _with_one(number: float) -> _Change:
    def change(value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        changed = value.clone().flatten()
        changed[0] = number
        return changed.reshape(value.shape)

    return change


_CHANGES: Mapping[str, _Change] = {
    "other numbers": lambda value, generator: torch.randn(value.shape, generator=generator) * 2,
    "negated": lambda value, generator: -value,
    "nothing": lambda value, generator: torch.zeros_like(value),
    "large": lambda value, generator: value * 1000 + 1,
    "in another order": _shuffled,
    "small": lambda value, generator: value * 1e-6,
    "moved up": lambda value, generator: value + 1,
    "moved down": lambda value, generator: value - 1,
    "between": lambda value, generator: torch.rand(value.shape, generator=generator),
    "one is not a number": _with_one(float("nan")),
    "one is infinite": _with_one(float("inf")),
    "very large": lambda value, generator: value * 1e6 + 1,
    "one is far": _with_one(-50.0),
}
