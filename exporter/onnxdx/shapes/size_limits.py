"""The sizes that a model itself takes, of dims that were asked by a string or a hint.

Of a named `Dim` torch.export demands every size that was declared. Of strings and hints it only notes what it finds out
on the way, ties of dims and ends of ranges, and says nothing. Eager is asked what that means: it fails on the line that
needs the sizes to be so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import sympy
import torch
from torch.export import ExportedProgram

from onnxdx.compat.conditions import holds, written
from onnxdx.dynamic_shapes import UNBOUNDED, AskedDim
from onnxdx.shapes.size_guards import SizeGuard
from onnxdx.user_code import capture_errors, constructs
from onnxdx.user_code.provenance import SourceMap
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.rules.dx105_dim_guarded import DimGuarded
from onnxdx_diagnostics.rules.dx125_dim_narrowed import DimNarrowed
from onnxdx_diagnostics.rules.dx126_dims_tied import DimsTied
from onnxdx_diagnostics.rules.dx127_dim_lost import DimLost

Run = Callable[[Mapping[AskedDim, int]], BaseException | None]
"""Runs the model in eager with dims at other sizes: what it raised, None when it ran."""

_MOST_GUARDS = 400
_CHECKED = range(8, 97)


def crossed(
    sizes: Mapping[AskedDim, int | torch.SymInt], exported: ExportedProgram, sources: SourceMap, run: Run
) -> Iterator[Finding]:
    """Ties between dims of different names, and declared ranges that the model does not take to their ends."""
    yield from _ties(sizes, sources, run)
    yield from _ends(sizes, exported, sources, run)


def _ties(sizes: Mapping[AskedDim, int | torch.SymInt], sources: SourceMap, run: Run) -> Iterator[Finding]:
    named: dict[str, tuple[AskedDim, sympy.Expr]] = {}
    for dim, size in sizes.items():
        if isinstance(size, torch.SymInt) and dim.name.isidentifier() and not dim.declared:
            named.setdefault(dim.name, (dim, size.node.expr))
    told: set[str] = set()
    for (one, first), (other, second) in itertools.combinations(named.values(), 2):
        if second.is_Symbol and not first.is_Symbol:
            one, first, other, second = other, second, one, first
        if other.name in told or not first.is_Symbol or first not in second.free_symbols:
            continue
        error = run({dim: dim.size + 1 for dim in sizes if dim.name == other.name})
        if error is not None and not _rejects(error, sources):
            told.add(other.name)
            needed = written(second, {str(first): one.name})
            dims = (one.name, other.name)
            yield DimsTied(_site(error, sources), dims, f"{other.name} == {needed}", f"{other.name} = {needed}")


def _ends(
    sizes: Mapping[AskedDim, int | torch.SymInt], exported: ExportedProgram, sources: SourceMap, run: Run
) -> Iterator[Finding]:
    told: set[str] = set()
    for dim, size in sizes.items():
        known = exported.range_constraints.get(size.node.expr) if isinstance(size, torch.SymInt) else None
        if known is None or dim.declared or dim.loose or str(size) in told:
            continue
        past: list[tuple[int, str, str]] = []
        if dim.most < UNBOUNDED and known.upper < dim.most:
            past.append((int(known.upper) + 1, "<=", str(known.upper)))
        if dim.least and known.lower > max(dim.least, 2):
            past.append((int(known.lower) - 1, ">=", str(known.lower)))
        for beyond, sign, bound in past:
            error = run({each: beyond for each, same in sizes.items() if str(same) == str(size)})
            if error is not None:
                told.add(str(size))
                yield DimGuarded(_site(error, sources), dim.shown, f"{dim.shown} {sign} {bound}", beyond)


def lost(captured: CapturedProgram, stage: str) -> Iterator[DimLost]:
    """The dims that the capture kept and that are numbers since, after the pass `stage`."""
    for dim, size in captured.asked.items():
        if not dim.loose and isinstance(size, torch.SymInt) and str(size).isdigit():
            yield DimLost(captured.sources.fallback(), dim.shown, int(str(size)), stage=stage)


def narrowed(
    dim: str,
    symbol: str,
    refused: int,
    error: BaseException,
    guards: Sequence[SizeGuard],
    hints: Mapping[str, int],
    sources: SourceMap,
) -> DimNarrowed | None:
    """The finding for a size between others that eager refuses, when a guard of the capture says why.

    `hints` are the sizes of all symbols in the given inputs. None for what a check of the user's own rejects.
    """
    if _rejects(error, sources):
        return None
    about = [
        guard
        for guard in guards
        if symbol in guard.symbols and guard.symbols <= hints.keys() and isinstance(guard.condition, sympy.Eq)
    ][:_MOST_GUARDS]

    def right(size: int, of: Sequence[SizeGuard]) -> bool:
        return all(holds(guard.condition, {**hints, symbol: size}) for guard in of)

    broken = [guard for guard in about if not right(refused, [guard])]
    if not broken:
        return None
    sizes = [size for size in _CHECKED if right(size, about)]
    step = math.gcd(*sizes) if sizes else 1
    if step > 1 and sizes == [size for size in _CHECKED if size % step == 0]:
        declare = f'part = Dim("part")\n{dim} = {step} * part' if dim.isidentifier() else ""
        return DimNarrowed(_site(error, sources), dim, f"{dim} % {step} == 0", refused, declare)
    shortest = min(broken, key=lambda guard: len(str(guard.condition)))
    if shortest.symbols != {symbol}:
        return None
    return DimNarrowed(_site(error, sources), dim, written(shortest.condition, {symbol: dim}), refused)


def _site(error: BaseException, sources: SourceMap) -> Site:
    module = sources.site_of_error(error).module
    return capture_errors.placed(sources.spots_of_error(error), sources, module)[0]


def _rejects(error: BaseException, sources: SourceMap) -> bool:
    """Whether the error comes from a check of the user's own, which says itself which sizes are meant."""
    spot = sources.innermost_user(sources.spots_of_error(error))
    return spot is None or constructs.is_check(spot)
