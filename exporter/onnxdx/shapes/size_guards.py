"""Whether the dims that were asked to be dynamic are: the sizes a capture fixed, bounded or tied to each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.compat.conditions import equality, holds, written
from onnxdx.compat.symbolic_sizes import guards_of
from onnxdx.dynamic_shapes import AskedDim
from onnxdx.user_code import capture_errors
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.stacks import Spot
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx104_dim_specialised import DimSpecialised
from onnxdx_diagnostics.rules.dx105_dim_guarded import DimGuarded
from onnxdx_diagnostics.rules.dx106_dims_related import DimsRelated

# Torch bounds sizes from below where it tells 0 and 1 from the rest: only what larger sizes break tells something.
_TELLING = 8
_SAMPLES = (2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 16, 17, 31, 64, 100, 127, 512, 1000, 1009, 4096, 100_003)

# How many sizes of each dim are tried, by the number of dims, to see whether a condition follows from others, and how
# many must fit them.
_TRIED = {1: 160, 2: 64, 3: 12}
_ENOUGH = 3


@dataclass(frozen=True)
class SizeGuard:
    """A condition on sizes that torch took as true for the rest of the capture, and where it did.

    `condition` is a sympy expression, `symbols` are the names of its symbols.
    """

    condition: Any
    spots: tuple[Spot, ...]
    module: str = ""

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the sizes it speaks about."""
        return frozenset(str(symbol) for symbol in self.condition.free_symbols)


def of_program(exported: torch.export.ExportedProgram) -> list[SizeGuard]:
    """The guards of a captured program, each with the one frame that torch remembers of it."""
    return [
        SizeGuard(condition, (Spot(path, line, function),)) for condition, path, line, function in guards_of(exported)
    ]


def broken_promises(
    sizes: Mapping[AskedDim, int | torch.SymInt],
    guards: Sequence[SizeGuard],
    symbols: Mapping[str, str],
    sources: SourceMap,
    *,
    by_branches_only: bool,
) -> Iterator[Finding]:
    """What is not as it was asked: dims that are fixed, hold for some sizes only, or depend on each other.

    `symbols` maps torch's name of a dim ("L['x'].size()[0]") to its symbol. A dim given by a hint or a string promises
    less than a named `Dim`: with `by_branches_only` nothing is said of guards that do not stand in an `if` of the user.
    """
    asked = {symbols[dim.source]: dim for dim in reversed(list(sizes)) if dim.source in symbols and not dim.loose}
    fixed = {dim for dim, size in sizes.items() if isinstance(size, int) and not dim.loose}
    alike: dict[str, list[AskedDim]] = {}
    for dim in sizes:
        if dim in fixed:
            alike.setdefault(dim.shown, []).append(dim)
    for dims in alike.values():
        yield _specialised(_first_fixed(dims, guards, symbols), guards, symbols, sources)
    found = list(_guarded(guards, asked, fixed, sources, by_branches_only, smallest=_TELLING))
    if not found and not fixed:
        found = list(_guarded(guards, asked, fixed, sources, by_branches_only, smallest=0))
    yield from found


def _guarded(
    guards: Sequence[SizeGuard],
    asked: Mapping[str, AskedDim],
    fixed: set[AskedDim],
    sources: SourceMap,
    by_branches_only: bool,
    *,
    smallest: int,
) -> Iterator[Finding]:
    """The guards that are false for a size that was asked for, of `smallest` or more."""
    names = {symbol: dim.shown for symbol, dim in asked.items()}
    said: set[tuple[object, ...]] = set()
    told: list[SizeGuard] = []
    for guard in guards:
        about = [asked[symbol] for symbol in sorted(guard.symbols) if symbol in asked]
        if not about or len(about) != len(guard.symbols) or any(dim in fixed for dim in about):
            continue
        strict = all(dim.declared for dim in about) and not by_branches_only
        site, here = capture_errors.placed(guard.spots, sources, guard.module)
        own = sources.innermost_user(guard.spots) is not None and here.use.decides and not here.guards_only
        if not strict and not own:
            continue
        least = 0 if here.use.decides else smallest
        dims = {symbol: asked[symbol] for symbol in guard.symbols}
        failing = _counterexample(guard, dims, least)
        if failing is None:
            continue
        place = (site.location, tuple(dim.shown for dim in about))
        if place in said or _follows(guard, told, asked, least):
            continue
        said.add(place)
        told.append(guard)
        apart = _apart(guard, dims, least)
        for dim, step, refused in apart:
            multiple = f"{dim.shown} % {step} == 0"
            yield DimGuarded(site, dim.shown, multiple, refused, _declaration(dim, multiple))
        if apart:
            continue
        condition = written(guard.condition, names)
        if len(about) == 1:
            yield DimGuarded(site, about[0].shown, condition, failing, _declaration(about[0], condition))
        else:
            yield DimsRelated(site, tuple(dim.shown for dim in about), condition, equality(guard.condition, names))


def _follows(guard: SizeGuard, told: Sequence[SizeGuard], asked: Mapping[str, AskedDim], least: int) -> bool:
    """Whether a condition is true for all sizes that fulfil those told before: it stands for nothing new."""
    about = [each for each in told if each.symbols & guard.symbols]
    if not about:
        return False
    symbols = sorted(guard.symbols.union(*(each.symbols for each in about)))
    left = [sizes for sizes in _grid({symbol: asked[symbol] for symbol in symbols}, least) if _all_hold(about, sizes)]
    return len(left) >= _ENOUGH and all(holds(guard.condition, sizes) for sizes in left)


def _apart(guard: SizeGuard, dims: Mapping[str, AskedDim], least: int) -> list[tuple[AskedDim, int, int]]:
    """A condition that only asks for multiples, of each dim on its own: dim, step and a size that is refused.

    Empty when it asks for anything else.
    """
    grid = list(_grid(dims, least))
    right = [sizes for sizes in grid if holds(guard.condition, sizes)]
    found: list[tuple[AskedDim, int, int]] = []
    expected = 1
    for symbol, dim in dims.items():
        tried, fits = sorted({sizes[symbol] for sizes in grid}), sorted({sizes[symbol] for sizes in right})
        step = math.gcd(*fits)
        if len(fits) < _ENOUGH or fits != [size for size in tried if size % step == 0]:
            return []
        expected *= len(fits)
        if step > 1:
            found.append((dim, step, next(size for size in tried if size % step)))
    alike = len({dim.shown for dim in dims.values()}) < len(dims)
    return sorted(found, key=lambda each: each[0].shown) if len(right) == expected and not alike else []


def _grid(dims: Mapping[str, AskedDim], least: int) -> Iterator[dict[str, int]]:
    """Sizes that were asked for, of all dims together: many of one, fewer of each where there are several."""
    many = _TRIED.get(len(dims), 0)
    ranges = [range(low := max(dim.least, least), min(dim.most, low + many - 1) + 1) for dim in dims.values()]
    for sizes in itertools.product(*ranges):
        if _asked_together(tuple(dims.values()), sizes):
            yield dict(zip(dims, sizes, strict=True))


def _all_hold(guards: Sequence[SizeGuard], sizes: Mapping[str, int]) -> bool:
    return all(holds(guard.condition, sizes) for guard in guards)


def _first_fixed(dims: Sequence[AskedDim], guards: Sequence[SizeGuard], symbols: Mapping[str, str]) -> AskedDim:
    """Of dims with one name, that which a guard fixes by itself; the others follow it."""
    return next(
        (dim for dim in dims if any(_fixes(guard, symbols.get(dim.source, ""), dim.size) for guard in guards)), dims[0]
    )


def _specialised(
    dim: AskedDim, guards: Sequence[SizeGuard], symbols: Mapping[str, str], sources: SourceMap
) -> DimSpecialised:
    symbol = symbols.get(dim.source, "")
    about = [guard for guard in guards if symbol in guard.symbols]
    fixing = next((guard for guard in about if _fixes(guard, symbol, dim.size)), about[-1] if about else None)
    if fixing is None:
        site = sources.fallback()
        return DimSpecialised(site, dim.shown, dim.size, dim.path, dim.axis, by_sample=dim.size in (0, 1))
    site, _ = capture_errors.placed(fixing.spots, sources, fixing.module)
    return DimSpecialised(site, dim.shown, dim.size, dim.path, dim.axis, written(fixing.condition, {symbol: dim.shown}))


def _fixes(guard: SizeGuard, symbol: str, size: int) -> bool:
    """Whether the condition is true for this size and for no other."""
    return guard.symbols == {symbol} and not any(
        _holds(guard, {symbol: sample}) for sample in _SAMPLES if sample != size
    )


def _counterexample(guard: SizeGuard, dims: Mapping[str, AskedDim], smallest: int) -> int | None:
    """A size that was asked for and for which the condition is false (of its first symbol); None when there is none."""
    ranges = [[n for n in _SAMPLES if max(dim.least, smallest) <= n <= dim.most] for dim in dims.values()]
    if len(ranges) > 1:
        ranges = [sizes[:6] for sizes in ranges]
    asked = (sizes for sizes in itertools.product(*ranges) if _asked_together(tuple(dims.values()), sizes))
    for sizes in itertools.islice(asked, 400):
        if not _holds(guard, dict(zip(dims, sizes, strict=True))):
            return sizes[0]
    return None


def _asked_together(dims: Sequence[AskedDim], sizes: Sequence[int]) -> bool:
    """Whether dims of one name have one size; a stand-in gives each a symbol of its own."""
    by_name: dict[str, int] = {}
    return all(by_name.setdefault(dim.shown, size) == size for dim, size in zip(dims, sizes, strict=True))


def _holds(guard: SizeGuard, sizes: Mapping[str, int]) -> bool:
    return holds(guard.condition, sizes)


def _declaration(dim: AskedDim, condition: str) -> str:
    """The Dim that says what the condition says, when it is a plain bound or multiple."""
    words = condition.split()
    match words:
        case [name, "<=" | "<" as sign, bound] if name == dim.name and bound.isdigit():
            return f'{dim.name} = Dim("{dim.name}", max={int(bound) - (sign == "<")})'
        case [name, ">=" | ">" as sign, bound] if name == dim.name and bound.isdigit():
            return f'{dim.name} = Dim("{dim.name}", min={int(bound) + (sign == ">")})'
        case [name, "%", step, "==", "0"] if name == dim.name and step.isdigit():
            return f'part = Dim("part")\n{dim.name} = {step} * part'
    return ""
