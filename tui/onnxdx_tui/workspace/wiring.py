"""A graph of a run as rows to draw: in an order that keeps chains together, and with who reads whom."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from onnxdx_diagnostics.fan import Fan
from onnxdx_diagnostics.graphs import ProgramGraph


@dataclass(frozen=True)
class Wiring:
    """The edges of a graph by node: `readers[i]` and `operands[i]` are positions in its nodes, each once."""

    readers: Fan
    operands: Fan


def wiring(graph: ProgramGraph) -> Wiring:
    """The edges of a graph, by node."""
    count = len(graph.nodes)
    sources, targets = array("i"), array("i")
    last = -1
    read: set[int] = set()
    for source, target, _ in graph.edges:
        if target != last:
            last, read = target, set()
        if source not in read:
            read.add(source)
            sources.append(source)
            targets.append(target)
    return Wiring(Fan(sources, targets, count), Fan(targets, sources, count))


def depth_first(edges: Wiring, kept: Sequence[bool]) -> list[int]:
    """The kept nodes in a topological order in which a node is followed by what reads it, as soon as that can be.

    What is on a cycle, as only a damaged file has it, comes last, as it came.
    """
    readers, operands = edges.readers, edges.operands
    missing = [sum(map(kept.__getitem__, operands[node])) for node in range(len(kept))]
    stack = [node for node in reversed(range(len(kept))) if kept[node] and not missing[node]]
    order = []
    while stack:
        node = stack.pop()
        order.append(node)
        for reader in reversed(readers[node]):
            if kept[reader]:
                missing[reader] -= 1
                if not missing[reader]:
                    stack.append(reader)
    if len(order) < sum(kept):
        placed = set(order)
        order += [node for node in range(len(kept)) if kept[node] and node not in placed]
    return order


@dataclass(frozen=True)
class Drawn:
    """Rows that show nodes: `members[row]` are the nodes of one row (several where they are folded, none where a row is
    left free), `rows` the row of each node that is shown.
    """

    members: Sequence[Sequence[int]]
    rows: dict[int, int]
    edges: Wiring

    @staticmethod
    def of(members: Sequence[Sequence[int]], edges: Wiring) -> Drawn:
        """Rows of these members."""
        return Drawn(members, {node: row for row, nodes in enumerate(members) for node in nodes}, edges)

    def readers(self) -> list[Sequence[int] | None]:
        """For each row the later rows that read it; None for a row that is left free."""
        rows, readers = self.rows, self.edges.readers
        found: list[Sequence[int] | None] = []
        for row, nodes in enumerate(self.members):
            if not nodes:
                found.append(None)
            elif len(nodes) == 1 and len(readers[nodes[0]]) == 1:
                later = rows.get(readers[nodes[0]][0], -1)
                found.append((later,) if later > row else ())
            else:
                reading = {rows.get(reader, -1) for node in nodes for reader in readers[node]}
                found.append(sorted(later for later in reading if later > row))
        return found

    def fed_from_below(self, row: int) -> tuple[int, ...]:
        """The rows after this one that feed it, which no lane shows."""
        feeding = {self.rows.get(source, -1) for node in self.members[row] for source in self.edges.operands[node]}
        return tuple(sorted(below for below in feeding if below > row))
