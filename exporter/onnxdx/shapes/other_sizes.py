"""Inputs of other sizes: what a model that was asked to be dynamic has to be tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy
import torch

from onnxdx.dynamic_shapes import UNBOUNDED
from onnxdx.memory import Same
from onnxdx.values import CapturedProgram

# Inputs are not made larger than this: a declared range may end at sizes that no test machine holds.
_MOST_ELEMENTS = 2**24


@dataclass(frozen=True)
class OtherSize:
    """Flattened inputs in which dims have other sizes.

    `sizes` are the new sizes by the user's name of the dim, `traced` those of the capture; `symbols` are the sizes of
    all of torch's symbols.
    """

    sizes: Mapping[str, int]
    traced: Mapping[str, int]
    symbols: Mapping[sympy.Symbol, int]
    inputs: tuple[Any, ...]


@dataclass(frozen=True)
class Bounds:
    """The sizes of one dim that were asked for, and the range in which torch knows the captured graph to be right."""

    least: int
    most: int
    torch_least: int
    torch_most: int


@dataclass(frozen=True)
class OtherSizes:
    """The dynamic dims of a program, and inputs at other sizes of one or all of them. `flat` are the given inputs."""

    captured: CapturedProgram
    flat: Sequence[Any]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The dims by the user's names."""
        return tuple(self._symbols)

    def traced(self, name: str) -> int:
        """The size of a dim in the given inputs."""
        return self._hints[self._symbols[name]]

    def shown(self, name: str) -> str:
        """How a message calls a dim: by the user's name, else as Python reads it."""
        symbol = self.symbol(name)
        return next((dim.shown for dim, size in self.captured.asked.items() if str(size) == symbol), name)

    def is_asked(self, name: str) -> bool:
        """Whether somebody asked for this dim to be dynamic; `Dim.AUTO` leaves that to torch."""
        symbol = self.symbol(name)
        return any(str(size) == symbol and not dim.loose for dim, size in self.captured.asked.items())

    def symbol(self, name: str) -> str:
        """Torch's name of a dim."""
        return str(self._symbols[name])

    @property
    def hints(self) -> dict[str, int]:
        """The sizes of the given inputs by torch's names."""
        return {str(symbol): size for symbol, size in self._hints.items()}

    def at(self, name: str, size: int) -> OtherSize | None:
        """Inputs in which this dim alone has another size; None when they would be too large."""
        return self._at({name: size})

    def others(self, name: str) -> Iterator[OtherSize]:
        """Inputs in which this dim alone has another size, the most telling first."""
        traced = self.traced(name)
        wanted = (traced + 1, 2 * traced, traced + 2, traced + 8, 3 * traced, traced - 1, traced // 2, 1)
        yield from self._with(name, wanted)

    def smaller(self, name: str) -> Iterator[OtherSize]:
        """Inputs in which this dim alone has a smaller size, the smallest that was asked for first."""
        traced = self.traced(name)
        bounds = self.bounds(name)
        wanted = (max(1, bounds.least), bounds.torch_least, traced // 2, traced - 1)
        yield from self._with(name, [size for size in wanted if size < traced])

    def past_known(self, name: str) -> Iterator[OtherSize]:
        """Inputs in which this dim alone has the first size past the range that torch found, if that was asked for."""
        bounds = self.bounds(name)
        if bounds.torch_most < bounds.most:
            yield from self._with(name, [bounds.torch_most + 1])

    def all_other(self) -> OtherSize | None:
        """Inputs in which every dim has another size at once, each of its own; None when a dim has no other size."""
        sizes: dict[str, int] = {}
        for name in self.names:
            traced, bounds = self.traced(name), self.bounds(name)
            low, high = max(1, bounds.least, bounds.torch_least), min(bounds.most, bounds.torch_most)
            near = (traced + step for step in (1, 2, 3, 4, 5, -1, -2))
            size = next((n for n in near if low <= n <= high and n not in sizes.values()), None)
            if size is None:
                return None
            sizes[name] = size
        return self._at(sizes) if sizes else None

    def all_smaller(self) -> OtherSize | None:
        """Inputs in which every dim that has a smaller size has the smallest that was asked for; None without any."""
        first = {name: next(self.smaller(name), None) for name in self.names}
        sizes = {name: each.sizes[name] for name, each in first.items() if each is not None}
        return self._at(sizes) if sizes else None

    def bounds(self, name: str) -> Bounds:
        """The range of a dim. Torch counts from 2 also where smaller sizes were asked for."""
        symbol = self._symbols[name]
        known = self.captured.exported.range_constraints.get(symbol)
        least, most = (_bound(known.lower, 0), _bound(known.upper, UNBOUNDED)) if known is not None else (2, UNBOUNDED)
        asked = [dim for dim, size in self.captured.asked.items() if str(size) == str(symbol) and not dim.loose]
        if not asked:
            return Bounds(least, most, least, most)
        return Bounds(max(dim.least for dim in asked), min(dim.most for dim in asked), least, most)

    def _with(self, name: str, wanted: Sequence[int]) -> Iterator[OtherSize]:
        traced, bounds = self.traced(name), self.bounds(name)
        for size in dict.fromkeys(wanted):
            if size != traced and max(1, bounds.least) <= size <= bounds.most:
                made = self._at({name: size})
                if made is not None:
                    yield made

    def _at(self, sizes: Mapping[str, int]) -> OtherSize | None:
        key = ("other size", Same(self.captured.exported), Same(self.flat), tuple(sizes.items()))
        return self.captured.memory.once(key, lambda: self._made(sizes))

    def _made(self, sizes: Mapping[str, int]) -> OtherSize | None:
        symbols = {symbol: sizes.get(self._name(symbol), size) for symbol, size in self._hints.items()}
        shapes = [_shape(value, known, symbols) for value, known in zip(self.flat, self._known, strict=True)]
        if any(size < 0 for shape in shapes for size in shape or ()):
            return None
        if sum(torch.Size(shape).numel() for shape in shapes if shape is not None) > self._most_elements:
            return None
        inputs = tuple(
            _resized(value, known, shape, symbols)
            for value, known, shape in zip(self.flat, self._known, shapes, strict=True)
        )
        return OtherSize(sizes, {name: self.traced(name) for name in sizes}, symbols, inputs)

    @cached_property
    def _most_elements(self) -> int:
        given = sum(value.numel() for value in self.flat if isinstance(value, torch.Tensor))
        return max(_MOST_ELEMENTS, 4 * given)

    @cached_property
    def _symbols(self) -> dict[str, sympy.Symbol]:
        return {self._name(symbol): symbol for symbol in self._hints}

    def _name(self, symbol: sympy.Symbol) -> str:
        """The user's name of a size. Several have one name when nothing in the model needs them to be equal."""
        return self.captured.dims.get(str(symbol), str(symbol))

    @cached_property
    def _known(self) -> list[Any]:
        """The captured values of the user's inputs, in flattened order."""
        exported = self.captured.exported
        placeholders = {node.name: node.meta.get("val") for node in exported.graph.nodes if node.op == "placeholder"}
        specs = exported.graph_signature.input_specs
        return [placeholders.get(getattr(s.arg, "name", "")) for s in specs if s.kind.name == "USER_INPUT"]

    @cached_property
    def _hints(self) -> dict[sympy.Symbol, int]:
        """The size that each free symbol had in the given inputs."""
        hints: dict[sympy.Symbol, int] = {}
        for known, value in zip(self._known, self.flat, strict=True):
            if isinstance(known, torch.SymInt) and isinstance(known.node.expr, sympy.Symbol):
                hints[known.node.expr] = int(value)
            if not isinstance(known, torch.Tensor):
                continue
            for dim, size in zip(known.shape, value.shape, strict=True):
                if isinstance(dim, torch.SymInt) and isinstance(dim.node.expr, sympy.Symbol):
                    hints[dim.node.expr] = int(size)
        return hints


def _bound(bound: Any, otherwise: int) -> int:
    return int(bound) if bound.is_Integer else otherwise


def _shape(value: Any, known: Any, symbols: Mapping[sympy.Symbol, int]) -> list[int] | None:
    if not isinstance(known, torch.Tensor) or not isinstance(value, torch.Tensor):
        return None
    return [int(dim.node.expr.xreplace(symbols)) if isinstance(dim, torch.SymInt) else int(dim) for dim in known.shape]


def _resized(value: Any, known: Any, shape: Sequence[int] | None, symbols: Mapping[sympy.Symbol, int]) -> Any:
    if isinstance(known, torch.SymInt):
        return int(known.node.expr.xreplace(symbols))
    for axis, size in enumerate(shape or ()):
        value = along(value, axis, size)
    return value


def along(value: torch.Tensor, axis: int, size: int) -> torch.Tensor:
    """`value`, cut or repeated along one axis; what is repeated is scaled in floats, so that rows can be told apart."""
    old = value.shape[axis]
    if old == size or old == 0:
        return value
    indices = torch.arange(size, device=value.device) % old
    resized = value.index_select(axis, indices)
    if size > old and value.is_floating_point():
        resized.narrow(axis, old, size - old).mul_(0.9)
    return resized
