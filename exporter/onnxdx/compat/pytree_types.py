"""Types that pytree does not know: made known to it for a while, an object as its attributes."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from onnxdx.compat.pytree import leaves_of, specs_in


@contextlib.contextmanager
def known_types() -> Iterator[Callable[[object], list[type]]]:
    """Gives a function that makes pytree know all that a value consists of, and says which types it did not know.

    An object is its attributes, and one without tensors is a constant. Afterwards pytree knows what it knew before:
    the public registration has no way back (`_deregister_pytree_node`, 2.9 - 2.14).
    """
    from torch.utils import _pytree

    added: list[type] = []

    def know(value: object) -> list[type]:
        found: list[type] = []
        while True:
            # modules are registered by torch.export itself
            strange = (leaf for leaf in leaves_of(value) if not isinstance(leaf, (*PLAIN_LEAVES, torch.nn.Module)))
            new = {type(leaf) for leaf in strange} - set(added)
            if not new:
                return found
            for kind in new:
                _pytree._private_register_pytree_node(
                    kind, _parts, _rebuilt, serialized_type_name=f"onnxdx.{kind.__module__}.{kind.__qualname__}"
                )
                added.append(kind)
                found.append(kind)

    try:
        yield know
    finally:
        for kind in added:
            _pytree._deregister_pytree_node(kind)


def holds_unknown(spec: Any) -> bool:
    """Whether there is a type in a structure that pytree does not know now (`TreeSpec.type`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    unknown = spec.type is not None and spec.type not in _pytree.SUPPORTED_NODES
    return unknown or any(map(holds_unknown, specs_in(spec)))


class _Held:
    """An object as it was when it was taken apart; equal to every other of its type, as the structure of inputs is.

    `names` are its attributes that were taken out, `keys` the items.
    """

    def __init__(self, value: object, names: tuple[str, ...], keys: tuple[Any, ...]) -> None:
        self.value, self.names, self.keys = value, names, keys

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._structure() == other._structure()

    def __hash__(self) -> int:
        return hash(self._structure())

    def _structure(self) -> tuple[object, ...]:
        return type(self.value), self.names, self.keys


def _parts(value: object) -> tuple[list[Any], _Held]:
    attributes = getattr(value, "__dict__", {})
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()) if isinstance(name, str)]
    named = {**attributes, **{name: getattr(value, name) for name in slots if hasattr(value, name)}}
    kept = {name: part for name, part in named.items() if isinstance(name, str) and _holds_tensor(part, 0)}
    items = {key: item for key, item in _items(value).items() if _holds_tensor(item, 0)}
    return [*kept.values(), *items.values()], _Held(value, tuple(kept), tuple(items))


def _items(value: object) -> dict[Any, Any]:
    """What a container holds that pytree has no rule for: a set, and subclasses of dict and list."""
    if isinstance(value, dict):
        return dict(value)
    return dict(enumerate(value)) if isinstance(value, (set, frozenset, list)) else {}


def _rebuilt(parts: Any, held: _Held) -> object:
    if not held.names and not held.keys:
        return held.value
    attributes, items = list(parts)[: len(held.names)], list(parts)[len(held.names) :]
    if isinstance(held.value, (set, frozenset)):
        return type(held.value)(items)
    made: Any = copy.copy(held.value)
    for name, part in zip(held.names, attributes, strict=True):
        object.__setattr__(made, name, part)
    for key, item in zip(held.keys, items, strict=True):
        made[key] = item
    return made


def _holds_tensor(value: object, depth: int) -> bool:
    """Whether there is a tensor in an object, or in what it is made of; modules keep theirs to themselves."""
    if isinstance(value, torch.Tensor):
        return True
    if depth > 4 or isinstance(value, (str, bytes, type, torch.nn.Module)) or callable(value):
        return False
    if isinstance(value, Mapping):
        return any(_holds_tensor(part, depth + 1) for part in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_holds_tensor(part, depth + 1) for part in value)
    return any(_holds_tensor(part, depth + 1) for part in getattr(value, "__dict__", {}).values())


# Leaves of inputs and outputs that torch.export takes: public types, but the list of them is not public (2.9 - 2.14).
PLAIN_LEAVES: tuple[type, ...] = (
    *(torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool, torch.ScriptObject),
    *(bool, int, float, complex, str, bytes, type(None), slice, type(...)),
    *(torch.dtype, torch.device, torch.layout, torch.memory_format),
)
