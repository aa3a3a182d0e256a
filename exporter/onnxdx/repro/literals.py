"""Values as Python source: numbers, dtypes and containers as they are, tensors as a draw of the same kind."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import re
import sys
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

import torch

_MOST_VALUES = 64
"""Tensors of integers that are no larger are written out: positions, lengths and masks are what a fault hangs on."""


class NoSource(ValueError):
    """A value that cannot be written as source; the text names its type."""


def literal(value: Any, object_named: Callable[[Any], str] | None = None) -> str:
    """An expression that gives `value`. `object_named` writes instances of other classes. Raises NoSource."""
    write = functools.partial(literal, object_named=object_named)
    if isinstance(value, torch.nn.Module):  # a module may be anything besides
        return _foreign(value, object_named)
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if (
        value is None
        or value is Ellipsis
        or (isinstance(value, (bool, str, bytes)) and type(value) in (bool, str, bytes))
    ):
        return repr(value)
    if type(value) in (int, float, complex):
        return _number(value)
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return str(value)
    if isinstance(value, torch.device):
        return f'torch.device("{value.type}")'
    if isinstance(value, torch.Size):
        return repr(tuple(value))
    if isinstance(value, slice):
        return f"slice({write(value.start)}, {write(value.stop)}, {write(value.step)})"
    if type(value) is list:
        return f"[{', '.join(map(write, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(write, value))}{',' if len(value) == 1 else ''})"
    if type(value) in (set, frozenset):
        items = f"[{', '.join(sorted(map(write, value)))}]"
        return f"{type(value).__name__}({items})"
    if type(value) is dict:
        return f"{{{', '.join(f'{write(key)}: {write(item)}' for key, item in value.items())}}}"
    return _foreign(value, object_named)


def _foreign(value: Any, object_named: Callable[[Any], str] | None) -> str:
    named = installed_name(value) if isinstance(value, (type, FunctionType, BuiltinFunctionType)) else ""
    if named:
        return named
    if object_named is None:
        raise NoSource(f"a value of type `{type(value).__qualname__}`")
    return object_named(value)


def installed_name(value: Any) -> str:
    """Under which name torch or the standard library has a function or class ("torch.nn.functional.relu")."""
    name = getattr(value, "__qualname__", "")
    own = getattr(value, "__module__", None) or ""
    for module in ("torch", "torch.nn.functional", own):
        owner = sys.modules.get(module)
        if (
            "._" not in module
            and module.partition(".")[0] in ("torch", "math", "operator", "builtins")
            and _reaches(owner, name, value)
        ):
            return name if module == "builtins" else f"{module}.{name}"
    return ""


def _reaches(owner: Any, path: str, value: Any) -> bool:
    for name in path.split("."):
        owner = getattr(owner, name, None)
    return bool(path) and owner is value


def _number(value: complex) -> str:
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    return repr(value) if math.isfinite(value) else f'float("{value}")'


def tensor(value: torch.Tensor) -> str:
    """A tensor of the same shape and dtype, with values from the same range; small ones of integers as they are."""
    plain = value.detach()
    shape, dtype = tuple(plain.shape), plain.dtype
    kind = "" if dtype is torch.float32 else f", dtype={dtype}"
    if plain.layout is not torch.strided or plain.device.type == "meta":
        raise NoSource(f"a tensor of the layout `{plain.layout}` on `{plain.device.type}`")
    if plain.numel() == 0:
        return f"torch.empty({shape}, dtype={dtype})"
    if not dtype.is_floating_point and not dtype.is_complex:
        return _integers(plain, shape, dtype)
    if dtype.is_complex or dtype.itemsize == 1:
        made = f"torch.randn({shape}" + (f", dtype={dtype})" if dtype.is_complex else f").to({dtype})")
        return made
    finite = plain[plain.isfinite()].double()
    if finite.numel() and float(finite.min()) >= 0:
        return f"torch.rand({shape}{kind})" + _scaled(float(finite.max()))
    spread = float(finite.std(correction=0)) if finite.numel() > 1 else 1.0
    return f"torch.randn({shape}{kind})" + _scaled(spread if spread > 0 else 1.0)


def _scaled(factor: float) -> str:
    """Powers of ten only: what the values were is nobody's business, how large they were may matter."""
    power = math.floor(math.log10(factor)) if factor > 0 else 0
    return "" if -1 <= power <= 0 else f" * 1e{power}"


def _integers(plain: torch.Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> str:
    if plain.numel() <= _MOST_VALUES:
        return f"torch.tensor({plain.tolist()!r}, dtype={dtype})"
    if dtype is torch.bool:
        return f"torch.rand({shape}) < {float(plain.double().mean()):.2g}"
    low, high = int(plain.min()), int(plain.max())
    return f"torch.randint({low}, {high + 1}, {shape}, dtype={dtype})"


def fields_of(value: Any) -> Mapping[str, Any] | None:
    """The arguments with which an instance of a dataclass or a named tuple can be made again; None for others."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        named: Mapping[str, Any] = value._asdict()
        return named
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value) if each.init}
    if isinstance(value, enum.Enum):
        return {"value": value.value}
    return None


def dim(value: Any) -> str:
    """A dim of `dynamic_shapes` as an expression. Raises NoSource for what is none."""
    kind = getattr(value, "type", None)
    if isinstance(kind, enum.Enum):  # Dim.AUTO, Dim.DYNAMIC, Dim.STATIC
        return f"torch.export.Dim.{kind.name}"
    if not isinstance(value, torch.export.Dim):
        raise NoSource(f"dims of the type `{type(value).__name__}`")
    root = getattr(value, "root", None)
    if root is not None:  # "2*batch" of `batch`
        return re.sub(rf"\b{re.escape(root.__name__)}\b", dim(root), value.__name__)
    limits = "".join(f", {name}={limit}" for name in ("min", "max") if isinstance(limit := getattr(value, name), int))
    return f'torch.export.Dim("{value.__name__}"{limits})'
