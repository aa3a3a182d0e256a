"""What the user asked to be dynamic, in the terms of torch.export, and which name each symbol of torch has for the user."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.export import Dim
from torch.export.dynamic_shapes import AdditionalInputs, ShapesCollection

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class AskedDim:
    """One dimension that was asked to be dynamic: of which input leaf, which axis, under which name ("" is unnamed)."""

    leaf: Path
    axis: int
    name: str


def for_torch(spec: Any) -> Any:
    """`spec` with strings replaced by `Dim.DYNAMIC`; anything that torch.export knows stays as it is."""
    if isinstance(spec, str):
        return Dim.DYNAMIC
    if isinstance(spec, Mapping):
        return {key: for_torch(value) for key, value in spec.items()}
    if isinstance(spec, (tuple, list)) and not hasattr(spec, "_fields"):
        return type(spec)(for_torch(value) for value in spec)
    return spec


def bind(model: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by parameter name of `forward`, as torch.export names them."""
    bound = inspect.signature(model.forward).bind(*args, **kwargs).arguments
    signature = inspect.signature(model.forward)
    named: dict[str, Any] = {}
    for name, value in bound.items():
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            named.update(value)
        else:
            named[name] = value
    return named


def asked(spec: Any, inputs: Mapping[str, Any]) -> Iterator[AskedDim]:
    """Every dimension that `spec` asks to be dynamic, for `inputs` as `bind` gives them."""
    if not spec or isinstance(spec, (ShapesCollection, AdditionalInputs)):
        return
    if isinstance(spec, Mapping):
        for name, value in inputs.items():
            yield from _asked(spec.get(name), value, (name,))
    else:
        for (name, value), inner in zip(inputs.items(), spec, strict=False):
            yield from _asked(inner, value, (name,))


def _asked(spec: Any, value: Any, path: Path) -> Iterator[AskedDim]:
    if spec is None:
        return
    if isinstance(value, torch.Tensor):
        axes = spec.items() if isinstance(spec, Mapping) else enumerate(spec)
        for axis, dim in axes:
            if _is_dynamic(dim):
                yield AskedDim(path, axis % max(value.dim(), 1), _name(dim))
        return
    if isinstance(value, Mapping) and isinstance(spec, Mapping):
        for key, inner in value.items():
            yield from _asked(spec.get(key), inner, (*path, key))
    elif isinstance(value, (tuple, list)) and isinstance(spec, (tuple, list)):
        for index, (inner, inner_spec) in enumerate(zip(value, spec, strict=False)):
            yield from _asked(inner_spec, inner, (*path, index))


def _is_dynamic(dim: Any) -> bool:
    return isinstance(dim, str) or (dim is not None and not isinstance(dim, int) and dim is not Dim.STATIC)


def _name(dim: Any) -> str:
    return dim if isinstance(dim, str) else getattr(dim, "__name__", "")
