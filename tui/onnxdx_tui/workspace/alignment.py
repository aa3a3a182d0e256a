"""FX and ONNX side by side: each captured node with the ONNX nodes that come from it, and how the two compare."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.graphs import Graphs, Node, ProgramGraph, Stage, Status
from onnxdx_tui.workspace.wiring import Wiring, depth_first, wiring


class Match(enum.Enum):
    """How a captured node and its ONNX nodes compare; the values are the signs, which need no colour."""

    SAME = "="
    SEVERAL = "≈"
    DIFFERS = "≠"
    MISSING = "✗"
    WARNED = "!"
    ONLY_ONNX = "+"
    GONE = "·"

    @property
    def meaning(self) -> str:
        """In words."""
        return _MEANINGS[self]

    @property
    def style(self) -> str:
        """The style of the sign."""
        return _STYLES.get(self, "dim")


_MEANINGS = {
    Match.SAME: "one ONNX node stands for it",
    Match.SEVERAL: "several ONNX nodes stand for it",
    Match.DIFFERS: "dtype, shape or values differ",
    Match.MISSING: "nothing in ONNX stands for it",
    Match.WARNED: "there is a warning or a note on it",
    Match.ONLY_ONNX: "only in ONNX",
    Match.GONE: "no ONNX node of its own: folded, merged or unused",
}
_STYLES = {
    Match.MISSING: "error",
    Match.DIFFERS: "error",
    Match.WARNED: "warning",
    Match.ONLY_ONNX: "add",
    Match.SEVERAL: "accent",
}
_WEIGHTS = ("p_", "b_", "c_", "obj_")
"""How torch.export names what is no argument of the model: parameters, buffers, constants, objects. Those that the
model has are known by that; this tells those that it has no more.
"""

QUIET = (Match.SAME, Match.GONE)
GRAVE = (Match.MISSING, Match.DIFFERS, Match.WARNED)


class Unit(NamedTuple):
    """A captured node (a position, or none) and the ONNX nodes that come from it."""

    left: int | None
    right: tuple[int, ...]
    match: Match


@dataclass(frozen=True)
class Alignment:
    """Two programs of one run, aligned by where the nodes of the second come from. Weights are no rows of their own."""

    left: ProgramGraph
    right: ProgramGraph
    left_wiring: Wiring
    right_wiring: Wiring
    units: Sequence[Unit]
    unit_of: Mapping[str, int]
    """The unit of each node of the first program, by name."""

    def having(self, part: str, among: Iterable[int]) -> list[int]:
        """Those of some units that have a part of a text in what `text_of` gives, each operator and value read once."""
        folds = part == part.lower()
        known = {text: part in (text.lower() if folds else text) for text in self._shared_texts}
        left, right, found = self.left.nodes, self.right.nodes, []
        for at in among:
            unit = self.units[at]
            if unit.left is not None:
                node = left[unit.left]
                name = node.name.lower() if folds else node.name
                if part in name or known[node.op] or known[node.value]:
                    found.append(at)
                    continue
            if any(known[right[image].op] for image in unit.right):
                found.append(at)
        return found

    @cached_property
    def _shared_texts(self) -> frozenset[str]:
        """What many nodes have in common and a search looks at: operators and values."""
        read = (attrgetter("op"), attrgetter("value"))
        return frozenset().union(*(map(of, graph.nodes) for of in read for graph in (self.left, self.right)))

    def text_of(self, at: int) -> str:
        """What can be searched in a unit: name and operator of its node, its ONNX operators, dtype and shape."""
        unit, right = self.units[at], self.right.nodes
        ops = right[unit.right[0]].op if len(unit.right) == 1 else " ".join(right[image].op for image in unit.right)
        if unit.left is None:
            return ops
        node = self.left.nodes[unit.left]
        return f"{node.name} {node.op} {ops} {node.value}"

    @cached_property
    def counts(self) -> Mapping[Match, int]:
        """How many units there are of each kind."""
        found = [unit.match for unit in self.units]
        return {match: found.count(match) for match in Match}


def aligned(graphs: Graphs, stage: Stage, levels: Mapping[str, Level]) -> Alignment | None:
    """The program of `stage` beside the ONNX program; `levels` are those of the rules. None when one is not there."""
    by_stage = {graph.stage: graph for graph in graphs.stages}
    left, right = by_stage.get(stage), by_stage.get(Stage.ONNX)
    if left is None or right is None or left is right:
        return None
    left_wiring, right_wiring = wiring(left), wiring(right)
    origin = _origins(graphs, left, right)
    sources = {origin[at] for at, node in enumerate(right.nodes) if node.op == "input"}
    weights = {origin[at] for at, node in enumerate(right.nodes) if node.op == "initializer"}
    kept = [
        node.status is not Status.SOURCE or at in sources or not (at in weights or node.name.startswith(_WEIGHTS))
        for at, node in enumerate(left.nodes)
    ]
    images: dict[int | None, list[int]] = {}
    for at, (node, of_it) in enumerate(zip(right.nodes, origin, strict=True)):
        if node.status is not Status.SOURCE or (node.op == "input" and of_it is not None):
            images.setdefault(of_it, []).append(at)
    units = list(_units(left, right, depth_first(left_wiring, kept), images, levels))
    units = _with_strays(units, images.get(None, ()), right_wiring)
    names = {left.nodes[unit.left].name: at for at, unit in enumerate(units) if unit.left is not None}
    return Alignment(left, right, left_wiring, right_wiring, units, names)


def _origins(graphs: Graphs, left: ProgramGraph, right: ProgramGraph) -> list[int | None]:
    """For each node of the second program the first node of the first one that it comes from, however far back."""
    stages = graphs.stages[graphs.stages.index(left) : graphs.stages.index(right) + 1]
    before: dict[str, int | None] = {node.name: at for at, node in enumerate(left.nodes)}
    found: list[int | None] = []
    for graph in stages[1:]:
        found = [_first(node.origins, before) for node in graph.nodes]
        before = dict(zip((node.name for node in graph.nodes), found, strict=True))
    if left.nodes and left.nodes[-1].status is Status.RESULT:
        last = len(left.nodes) - 1
        found = [last if at is None and right.nodes[n].status is Status.RESULT else at for n, at in enumerate(found)]
    return found


def _first(origins: Sequence[str], known: Mapping[str, int | None]) -> int | None:
    if len(origins) == 1:
        return known.get(origins[0])
    return next((at for name in origins if (at := known.get(name)) is not None), None)


def _units(
    left: ProgramGraph,
    right: ProgramGraph,
    order: Sequence[int],
    images: Mapping[int | None, Sequence[int]],
    levels: Mapping[str, Level],
) -> Iterator[Unit]:
    for at in order:
        of_it = tuple(images.get(at, ()))
        yield Unit(at, of_it, _match(left.nodes[at], [right.nodes[image] for image in of_it], levels))


def _match(node: Node, images: Sequence[Node], levels: Mapping[str, Level]) -> Match:
    worst = _worst(node, levels) if node.findings else None
    if node.status is Status.PLACED and worst is None and len(images) == 1:
        return Match.DIFFERS if values_differ(node.value, images[0].value) else Match.SAME
    if node.status is Status.PLACEHOLDER:
        return Match.MISSING
    if worst is Level.ERROR:
        return Match.DIFFERS if images else Match.MISSING
    if node.status in (Status.SOURCE, Status.RESULT):
        return Match.WARNED if worst else Match.SAME if images else Match.GONE
    result = next((image for image in images if image.name.rpartition("/")[2] == node.name), None)
    if result is not None and values_differ(node.value, result.value):
        return Match.DIFFERS
    if worst:
        return Match.WARNED
    if not images:
        return Match.GONE
    return Match.SAME if len(images) == 1 else Match.SEVERAL


def _worst(node: Node, levels: Mapping[str, Level]) -> Level:
    """The gravest of what is said about a node."""
    return max((levels.get(rule, Level.NOTE) for rule in node.findings), key=lambda level: level.rank)


def _with_strays(units: list[Unit], strays: Sequence[int], edges: Wiring) -> list[Unit]:
    """The units, and ONNX nodes that come from nowhere, each before the first that reads it."""
    if not strays:
        return units
    unit_of = {image: at for at, unit in enumerate(units) for image in unit.right}
    before: dict[int, list[int]] = {}
    for stray in strays:
        reading = [unit_of[reader] for reader in edges.readers[stray] if reader in unit_of]
        before.setdefault(min(reading, default=len(units)), []).append(stray)
    found: list[Unit] = []
    for at in range(len(units) + 1):
        found += [Unit(None, (stray,), Match.ONLY_ONNX) for stray in before.get(at, ())]
        found += units[at : at + 1]
    return found


_VALUE = re.compile(r"(\w+)(?:\[([^\]]*)\])?")


def values_differ(first: str, second: str) -> bool:
    """Whether two texts such as "f32[s0, 4]" cannot be of one value. What one does not tell is no difference."""
    if first == second:
        return False
    one, other = _VALUE.fullmatch(first), _VALUE.fullmatch(second)
    if one is None or other is None:
        return False
    if one[1] != other[1]:
        return "[" in first and "[" in second
    if one[2] is None or other[2] is None:
        return False
    dims, others = one[2].split(", "), other[2].split(", ")
    return len(dims) != len(others) or any(
        a != b and a.isdigit() and b.isdigit() for a, b in zip(dims, others, strict=True)
    )
