"""The rows of the diff: FX to the left, ONNX to the right, lanes beside both, and what is equal folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from onnxdx_diagnostics.graphs import Node, Status
from onnxdx_tui.workspace.alignment import GRAVE, QUIET, Alignment, Match, Unit
from onnxdx_tui.workspace.lanes import Lanes, drawn
from onnxdx_tui.workspace.line import Line, Span, fitted, fitted_spans, shown
from onnxdx_tui.workspace.wiring import Drawn


class Shown(NamedTuple):
    """One row: the unit, which of its rows it is, and where its fold ends when it is one of several units."""

    unit: int
    part: int = 0
    until: int = 0


@dataclass(frozen=True)
class Folding:
    """What is shown of an alignment: `context` units around what is not quiet, and the folds that were opened."""

    context: int = 3
    open: frozenset[int] = frozenset()
    """The first unit of each fold that is shown in full."""

    focus: int = -1
    """A unit that is shown whatever it is, with the units around it."""


class DiffRows:
    """The rows of the diff for one folding; `inline` puts both programs in one column."""

    def __init__(self, alignment: Alignment, folding: Folding, *, inline: bool) -> None:
        self.alignment = alignment
        self.inline = inline
        self.rows = list(_shown(alignment.units, folding, inline))
        units = alignment.units
        left, right = [], []
        for row in self.rows:
            if row.until:
                run = units[row.unit : row.until]
                left.append([unit.left for unit in run if unit.left is not None])
                right.append([image for unit in run for image in unit.right])
                continue
            unit = units[row.unit]
            left.append([unit.left] if unit.left is not None and row.part == 0 else [])
            right.append([unit.right[row.part]] if row.part < len(unit.right) else [])
        self._left = Drawn.of(left, alignment.left_wiring)
        self._right = Drawn.of(right, alignment.right_wiring)
        self._left_lanes, self._right_lanes = Lanes(self._left.readers()), Lanes(self._right.readers())

    def __len__(self) -> int:
        return len(self.rows)

    def row_of(self, unit: int) -> int:
        """The row of a unit, or of the fold that it is in."""
        low, high = 0, len(self.rows)
        while low < high:
            middle = (low + high) // 2
            if self.rows[middle].unit <= unit:
                low = middle + 1
            else:
                high = middle
        row = max(low - 1, 0)
        return row - self.rows[row].part if self.rows else 0

    def next_difference(self, row: int, step: int) -> int | None:
        """The nearest row after (or before) this one that is worth a look: what is grave, and if nothing is, all
        that is not equal.
        """
        units = self.alignment.units
        found = [at for at, each in enumerate(self.rows) if not each.until and not each.part]
        worth = [at for at in found if units[self.rows[at].unit].match in GRAVE]
        worth = worth or [at for at in found if units[self.rows[at].unit].match not in QUIET]
        ahead = [at for at in worth if (at > row if step > 0 else at < row)]
        return (ahead[0] if step > 0 else ahead[-1]) if ahead else None

    def line(self, row: int, width: int) -> Line:
        """One row as a line of this width."""
        each = self.rows[row]
        if each.until:
            return self._fold(row, each, width)
        unit = self.alignment.units[each.unit]
        return self._inline(row, unit, width) if self.inline else self._beside(row, each, unit, width)

    def _fold(self, row: int, each: Shown, width: int) -> Line:
        units = self.alignment.units[each.unit : each.until]
        modules = list(
            dict.fromkeys(
                module
                for unit in (units[0], units[-1])
                if unit.left is not None and (module := self.alignment.left.nodes[unit.left].module)
            )
        )
        lanes = drawn(self._left_lanes[row], "⋯")
        text = f" {len(units)} equal  {' – '.join(map(shown, modules))}"
        if self.inline:
            return Line(fitted_spans((Span("⋯ ", "dim"), Span(lanes, "lane"), Span(text, "dim")), width), each)
        half = (width - 3) // 2
        right = (Span(drawn(self._right_lanes[row], "⋯"), "lane"), Span("  ↵ unfold", "dim"))
        return Line(
            (
                *fitted_spans((Span(lanes, "lane"), Span(text, "dim")), half),
                Span(" ⋯ ", "dim"),
                *fitted_spans(right, width - half - 3),
            ),
            each,
        )

    def _beside(self, row: int, each: Shown, unit: Unit, width: int) -> Line:
        half = (width - 3) // 2
        first = each.part == 0
        return Line(
            (
                *fitted_spans(self._left_spans(row, unit, half), half),
                Span(f" {unit.match.value if first else ' '} ", unit.match.style),
                *fitted_spans(self._right_spans(row, each, unit), width - half - 3),
            ),
            each,
        )

    def _left_spans(self, row: int, unit: Unit, half: int) -> Iterator[Span]:
        nodes = self._left.members[row]
        lanes = self._left_lanes[row]
        if not nodes:
            yield Span(lanes.cells, "lane")
            return
        node = self.alignment.left.nodes[nodes[0]]
        yield from _lane_spans(drawn(lanes, _sign(node, unit.match)), unit.match)
        yield from _said(node, unit.match)
        yield from self._tags(self._left, self.alignment.left.nodes, row, lanes.tags)

    def _right_spans(self, row: int, each: Shown, unit: Unit) -> Iterator[Span]:
        nodes = self._right.members[row]
        lanes = self._right_lanes[row]
        if not nodes:
            yield Span(lanes.cells, "lane")
            if each.part == 0 and unit.match in (Match.MISSING, Match.GONE):
                yield Span(f"{'  ' if lanes.cells else ''}{self._why_none(unit)}", "dim")
            return
        node = self.alignment.right.nodes[nodes[0]]
        yield from _lane_spans(drawn(lanes, _sign(node, unit.match)), unit.match)
        if node.status is Status.PLACEHOLDER:
            yield Span("  no ONNX function", "error")
            yield Span(f"  {shown(node.value)}", "value")
        else:
            yield from _said(node, unit.match, name=node.status is Status.SOURCE or node.status is Status.RESULT)
        yield from self._tags(self._right, self.alignment.right.nodes, row, lanes.tags)

    def _why_none(self, unit: Unit) -> str:
        node = self.alignment.left.nodes[unit.left] if unit.left is not None else None
        if node is None or unit.match is Match.MISSING:
            return "nothing stands for it"
        return {
            Status.UNUSED: "unused",
            Status.SOURCE: "not an input: nothing reads it",
        }.get(node.status, "folded or merged")

    def _tags(self, drawn_rows: Drawn, nodes: Sequence[Node], row: int, tags: Sequence[int]) -> Iterator[Span]:
        feeding = [*tags, *drawn_rows.fed_from_below(row)]
        for other in feeding[:3]:
            members = drawn_rows.members[other]
            if members:
                yield Span(f"  ◂{shown(nodes[members[-1]].name)}", "dim")

    def _inline(self, row: int, unit: Unit, width: int) -> Line:
        yielded: list[Span] = [Span(f"{unit.match.value} ", unit.match.style)]
        lanes = self._left_lanes[row]
        if unit.left is None:
            node = self.alignment.right.nodes[unit.right[0]]
            yielded += [Span(f"{lanes.cells}  " if lanes.cells else "", "lane"), Span(shown(node.op), "add")]
            yielded.append(Span(f"  {shown(node.value)}", "value"))
            return Line(fitted_spans(yielded, width), self.rows[row])
        node = self.alignment.left.nodes[unit.left]
        yielded += _lane_spans(drawn(lanes, _sign(node, unit.match)), unit.match)
        yielded += _said(node, unit.match)
        yielded += self._tags(self._left, self.alignment.left.nodes, row, lanes.tags)
        images = [self.alignment.right.nodes[image] for image in unit.right]
        right = " → ".join(shown(image.op) for image in images[:4]) + (" → …" if len(images) > 4 else "")
        if unit.match in (Match.MISSING, Match.GONE):
            right = self._why_none(unit)
        room = min(len(right), width // 2 - 2)
        left = fitted_spans(yielded, width - room - 2)
        return Line((*left, Span("  "), Span(fitted(right, room), "dim")), self.rows[row])


def _lane_spans(cells: str, match: Match) -> Iterator[Span]:
    """Lanes, with the sign of the node in the style of its match."""
    for at, character in enumerate(cells):
        if character in _SIGNS:
            yield Span(cells[:at], "lane")
            yield Span(character, match.style if match not in QUIET else "")
            yield Span(cells[at + 1 :], "lane")
            return
    yield Span(cells, "lane")


_SIGNS = "●○✗◇□"


def _sign(node: Node, match: Match) -> str:
    if match is Match.MISSING and node.status is Status.PLACEHOLDER:
        return "✗"
    if node.status is Status.SOURCE:
        return "◇"
    if node.status is Status.RESULT:
        return "□"
    return "○" if node.status in (Status.FOLDED, Status.UNUSED) else "●"


def _said(node: Node, match: Match, *, name: bool = True) -> Iterator[Span]:
    """A node in words: its name, its operator where the name does not say it, dtype and shape."""
    op = short_op(node.op)
    style = match.style if match in GRAVE else ""
    bare = node.name.rpartition("/")[2]
    if name:
        yield Span(f"  {shown(bare)}", style)
    if not name or (not bare.startswith(op) and node.status not in (Status.SOURCE, Status.RESULT)):
        yield Span(f"  {shown(op)}", "dim" if name else style)
    if node.value:
        yield Span(f"  {shown(node.value)}", "value")


def short_op(op: str) -> str:
    """`linear` of "aten.linear.default"; an operator of another library keeps its name."""
    parts = op.split(".")
    if len(parts) == 3 and parts[0] in ("aten", "prims", "prim"):
        return parts[1]
    return ".".join(parts[:2]) if len(parts) == 3 else op


def _shown(units: Sequence[Unit], folding: Folding, inline: bool) -> Iterator[Shown]:
    loud = bytearray(len(units))
    for at, unit in enumerate(units):
        if unit.match not in QUIET or at == folding.focus:
            start, stop = max(at - folding.context, 0), min(at + folding.context + 1, len(units))
            loud[start:stop] = b"\1" * (stop - start)
    at = 0
    while at < len(units):
        stop = loud.find(1, at)
        stop = len(units) if stop < 0 else stop
        if stop - at > 1 and at not in folding.open:
            yield Shown(at, 0, stop)
            at = stop
            continue
        stop = max(stop, at + 1)
        for each in range(at, stop):
            unit = units[each]
            for part in range(1 if inline else max(1, len(unit.right))):
                yield Shown(each, part)
        at = stop
