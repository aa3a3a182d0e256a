"""Inputs of other sizes: what a model that was asked to be dynamic has to be tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import torch

from onnxdx.values import CapturedProgram


@dataclass(frozen=True)
class OtherSize:
    """Flattened inputs in which one dim has another size. `dim` is the user's name of it, `traced` its size before."""

    dim: str
    size: int
    traced: int
    inputs: tuple[Any, ...]


def other_sizes(captured: CapturedProgram, flat: Sequence[Any]) -> dict[str, Iterator[OtherSize]]:
    """For each dynamic dim, inputs at other sizes of it, the most telling first. All other dims keep their size."""
    shapes = _captured_inputs(captured)
    hints = _hints(shapes, flat)
    return {
        captured.dims.get(str(symbol), str(symbol)): _candidates(captured, symbol, hints, shapes, flat)
        for symbol in hints
    }


def _candidates(
    captured: CapturedProgram,
    symbol: sympy.Symbol,
    hints: Mapping[sympy.Symbol, int],
    shapes: Sequence[Any],
    flat: Sequence[Any],
) -> Iterator[OtherSize]:
    traced = hints[symbol]
    lower, upper = _range(captured, symbol)
    wanted = (traced + 1, 2 * traced, traced - 1, traced + 2, traced + 8, 3 * traced, traced // 2, 1)
    for size in dict.fromkeys(wanted):
        if size == traced or not lower <= size <= upper or size < 1:
            continue
        sizes = {**hints, symbol: size}
        inputs = tuple(_resized(value, known, sizes) for value, known in zip(flat, shapes, strict=True))
        yield OtherSize(captured.dims.get(str(symbol), str(symbol)), size, traced, inputs)


def _range(captured: CapturedProgram, symbol: sympy.Symbol) -> tuple[int, int]:
    known = captured.exported.range_constraints.get(symbol)
    if known is None:
        return 2, 2**31
    lower, upper = known.lower, known.upper
    return (int(lower) if lower.is_Integer else 0, int(upper) if upper.is_Integer else 2**31)


def _captured_inputs(captured: CapturedProgram) -> list[Any]:
    """The captured values of the user's inputs, in flattened order."""
    exported = captured.exported
    placeholders = {node.name: node.meta.get("val") for node in exported.graph.nodes if node.op == "placeholder"}
    specs = exported.graph_signature.input_specs
    return [
        placeholders.get(getattr(spec.arg, "name", "")) if spec.kind.name == "USER_INPUT" else None
        for spec in specs
        if spec.kind.name == "USER_INPUT"
    ]


def _hints(shapes: Sequence[Any], flat: Sequence[Any]) -> dict[sympy.Symbol, int]:
    """The size that each free symbol had in the given inputs."""
    hints: dict[sympy.Symbol, int] = {}
    for known, value in zip(shapes, flat, strict=True):
        if isinstance(known, torch.SymInt) and isinstance(known.node.expr, sympy.Symbol):
            hints[known.node.expr] = int(value)
        if not isinstance(known, torch.Tensor):
            continue
        for dim, size in zip(known.shape, value.shape, strict=True):
            if isinstance(dim, torch.SymInt) and isinstance(dim.node.expr, sympy.Symbol):
                hints[dim.node.expr] = int(size)
    return hints


def _resized(value: Any, known: Any, sizes: Mapping[sympy.Symbol, int]) -> Any:
    if isinstance(known, torch.SymInt):
        return int(known.node.expr.xreplace(sizes))
    if not isinstance(known, torch.Tensor):
        return value
    for axis, dim in enumerate(known.shape):
        if isinstance(dim, torch.SymInt):
            value = _along(value, axis, int(dim.node.expr.xreplace(sizes)))
    return value


def _along(value: torch.Tensor, axis: int, size: int) -> torch.Tensor:
    """Cut or repeated along one axis; what is repeated is scaled in floats, so that rows can be told apart."""
    old = value.shape[axis]
    if old == size or old == 0:
        return value
    indices = torch.arange(size, device=value.device) % old
    resized = value.index_select(axis, indices)
    if size > old and value.is_floating_point():
        resized.narrow(axis, old, size - old).mul_(0.9)
    return resized
