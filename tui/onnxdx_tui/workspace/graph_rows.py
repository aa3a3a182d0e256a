"""A node and its neighbours in lanes, so many hops around it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.graphs import ProgramGraph, Stage, Status, neighbourhood
from onnxdx_tui.workspace.diff_rows import short_op
from onnxdx_tui.workspace.lanes import Lanes, drawn
from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.wiring import Drawn, depth_first, wiring

_MOST = 40


class GraphRows:
    """The neighbourhood of one node; the key of a row is the node's name."""

    def __init__(self, graph: ProgramGraph, name: str, hops: int, levels: Mapping[str, Level]) -> None:
        """Raises KeyError when there is no such node."""
        self._whole = graph
        self._levels = levels
        part = neighbourhood(graph, name, hops, limit=_MOST)
        edges = wiring(part)
        order = depth_first(edges, [True] * len(part.nodes))
        self._nodes = [part.nodes[at] for at in order]
        self._drawn = Drawn.of([[at] for at in order], edges)
        self._lanes = Lanes(self._drawn.readers())
        self._inside = {graph.positions[node.name] for node in part.nodes}
        self.name = name
        self.row = next(row for row, node in enumerate(self._nodes) if node.name == name)

    def __len__(self) -> int:
        return len(self._nodes)

    def line(self, row: int, width: int) -> Line:
        """One node: lanes, whether more is beyond it, name, operator, dtype and shape, what is said about it."""
        node = self._nodes[row]
        lanes = self._lanes[row]
        at = self._whole.positions[node.name]
        above = not self._inside.issuperset(self._whole.sources(at))
        below = not self._inside.issuperset(self._whole.readers(at))
        sign = "✗" if node.status is Status.PLACEHOLDER else "◇" if node.status is Status.SOURCE else "●"
        blamed = max((self._levels.get(rule, Level.NOTE).rank for rule in node.findings), default=-1)
        style = "error" if blamed == Level.ERROR.rank or sign == "✗" else "warning" if blamed > 0 else ""
        cells = drawn(lanes, sign)
        pad = " " * max(0, 2 * self._wide - len(cells))
        centre = "bold" if node.name == self.name and not style else style
        tags = [self._nodes[other].name for other in (*lanes.tags, *self._drawn.fed_from_below(row))]
        uses = [f"◂{shown(name)} ({len(self._readers(name))} uses)" for name in tags[:3]]
        bare = shown(node.name.rpartition("/")[2])
        op = shown(short_op(node.op))
        return line(
            Span(cells, style or "lane"),
            Span(f"{pad} {'▲' if above else ' '}{'▼' if below else ' '} ", "dim"),
            Span(bare, centre),
            Span(f"  {op}" if op != bare else "", "dim"),
            Span(f"  {shown(node.value)}", "value"),
            Span("".join(f"  {rule}" for rule in node.findings), style or "dim"),
            Span("".join(f"  {use}" for use in uses), "dim"),
            key=node.name,
        )

    def _readers(self, name: str) -> list[int]:
        return self._whole.readers(self._whole.positions[name])

    @cached_property
    def _wide(self) -> int:
        return (max((len(self._lanes[row].cells) for row in range(len(self))), default=0) + 2) // 2

    @property
    def summary(self) -> str:
        """How much of the graph this is, for the border."""
        kind = {Stage.CAPTURED: "captured", Stage.DECOMPOSED: "decomposed", Stage.ONNX: "ONNX"}[self._whole.stage]
        return f"{len(self)} of {len(self._whole.nodes)} {kind} nodes"
