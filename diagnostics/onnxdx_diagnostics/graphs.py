"""The graphs of an export as plain data: the program as captured, as decomposed and as ONNX, and what became of what.

What walks a graph does so in networkx, which is imported on the first walk: opening a run costs nothing of it.
`graphs.json` is rows, not records: its texts stand in one table, a row says which.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.finding import Finding

if TYPE_CHECKING:
    import networkx

SCHEMA = "onnxdx-graphs/1"


class Stage(enum.Enum):
    """Which program a graph is of."""

    CAPTURED = "captured"
    DECOMPOSED = "decomposed"
    ONNX = "onnx"


class Status(enum.Enum):
    """What became of a node.

    SOURCE: an input, weight or constant. RESULT: an output. PLACED: it is in the model. REWRITTEN: others stand for it.
    PLACEHOLDER: nothing in ONNX stands for it. FOLDED: no node of the model is its own: it is constant, equal to
    another, or computes nothing. UNUSED: nothing depends on it.
    """

    SOURCE = "source"
    RESULT = "result"
    PLACED = "placed"
    REWRITTEN = "rewritten"
    PLACEHOLDER = "placeholder"
    FOLDED = "folded"
    UNUSED = "unused"


class Node(NamedTuple):
    """One node.

    `name` is unique in its graph: that of a node in a body of control flow starts with the path of the body and "/",
    that of a node in an ONNX function with the function's. `value` tells dtype and shape of its results.
    `path` and `line` are the user's line, the path relative to the project root inside of it; "" and 0 when there is
    none. `findings` are the ids of the rules that speak of the node, `origins` the nodes of the stage before that it
    comes from.
    """

    name: str
    op: str
    status: Status
    module: str = ""
    value: str = ""
    path: str = ""
    line: int = 0
    findings: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


class Edge(NamedTuple):
    """`target` takes what `source` gives as its operand at this position. Both are positions in the graph's nodes."""

    source: int
    target: int
    operand: int


@dataclass(frozen=True)
class ProgramGraph:
    """The program at one stage, its nodes in an order in which they can be computed."""

    stage: Stage
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Where each node stands in `nodes`, by name."""
        return {node.name: position for position, node in enumerate(self.nodes)}

    @cached_property
    def by_fx_name(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes by their name in their own FX graph: bodies of control flow repeat those of the main graph."""
        found: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes:
            bare = node.name.rpartition("/")[2]
            found[bare] = (*found.get(bare, ()), node)
        return found

    def node(self, name: str) -> Node:
        """The node of this name. Raises KeyError."""
        return self.nodes[self.positions[name]]

    @cached_property
    def network(self) -> networkx.MultiDiGraph:
        """The graph in networkx: its nodes are names with the `Node` as attribute "node", the key of an edge is the
        operand.
        """
        import networkx

        network = networkx.MultiDiGraph()
        names = [node.name for node in self.nodes]
        network.add_nodes_from((node.name, {"node": node}) for node in self.nodes)
        network.add_edges_from((names[source], names[target], operand) for source, target, operand in self.edges)
        return network


def neighbourhood(graph: ProgramGraph, name: str, hops: int = 2, hub: int = 8, limit: int = 40) -> ProgramGraph:
    """The part of the graph within so many hops of a node, in either direction, nearest first up to `limit` nodes.

    A node with more than `hub` consumers (a mask, a weight) is in it, but the way does not lead through it; of the
    consumers of the node itself at most `hub` are. Raises KeyError.
    """
    network, positions = graph.network, graph.positions
    found = {name: positions[name]}
    ring = [name]
    for _ in range(hops):
        reached: dict[str, None] = {}
        for member in ring:
            consumers = list(network.succ[member])
            if len(consumers) > hub and member != name:
                continue
            reached.update(dict.fromkeys([*network.pred[member], *consumers[:hub]]))
        ring = [member for member in reached if member not in found][: limit - len(found)]
        found.update((member, positions[member]) for member in ring)
    kept = sorted(found.values())
    places = {position: place for place, position in enumerate(kept)}
    edges = {
        Edge(places[positions[source]], places[position], operand)
        for target, position in found.items()
        for source, operands in network.pred[target].items()
        if source in found
        for operand in operands
    }
    return ProgramGraph(graph.stage, tuple(graph.nodes[position] for position in kept), tuple(sorted(edges)))


@dataclass(frozen=True)
class Graphs:
    """The graphs of one run, in the order of the passes; the origins of each are nodes of the one before."""

    stages: tuple[ProgramGraph, ...]

    def stage(self, stage: Stage) -> ProgramGraph:
        """The graph of a stage. Raises KeyError."""
        for graph in self.stages:
            if graph.stage is stage:
                return graph
        raise KeyError(stage.value)

    def blamed(self, finding: Finding) -> tuple[ProgramGraph, Node] | None:
        """The node that a finding is about, in the program that the finding's pass saw; None if it is about no node."""
        site = finding.site
        seen_first = (Stage.CAPTURED, Stage.DECOMPOSED) if finding.id < "DX3" else (Stage.DECOMPOSED, Stage.CAPTURED)
        for graph in (graph for stage in seen_first for graph in self.stages if graph.stage is stage):
            for node in graph.by_fx_name.get(site.fx_node, ()):
                if node.op == site.op and finding.id in node.findings:
                    return graph, node
        return None

    def links(self, first: Stage, last: Stage) -> Iterator[tuple[str, str]]:
        """What became of what: a node of one stage and a node of a later one that comes from it, however far back."""
        chain = self.stages[self.stages.index(self.stage(first)) : self.stages.index(self.stage(last)) + 1]
        ancestors: dict[str, tuple[str, ...]] = {node.name: (node.name,) for node in chain[0].nodes} if chain else {}
        for graph in chain[1:]:
            ancestors = {
                node.name: tuple(dict.fromkeys(far for near in node.origins for far in ancestors[near]))
                for node in graph.nodes
            }
        return ((origin, name) for name, origins in ancestors.items() for origin in origins)

    def union(self, first: Stage, last: Stage) -> networkx.MultiDiGraph:
        """Two stages in one network: nodes are (stage, name), edges have the "kind" "operand" or "becomes"."""
        import networkx

        union = networkx.MultiDiGraph()
        for graph in (self.stage(first), self.stage(last)):
            union.add_nodes_from(((graph.stage, node.name), {"node": node}) for node in graph.nodes)
            names = [(graph.stage, node.name) for node in graph.nodes]
            union.add_edges_from((names[s], names[t], operand, {"kind": "operand"}) for s, t, operand in graph.edges)
        links = self.links(first, last)
        union.add_edges_from(((first, origin), (last, name), "becomes", {"kind": "becomes"}) for origin, name in links)
        return union

    def save(self, path: Path) -> None:
        """Write `graphs.json`, whole or not at all. Raises OSError."""
        write_text(path, json.dumps(to_plain(self), separators=(",", ":")))

    @staticmethod
    def load(path: Path) -> Graphs:
        """Read what `save` wrote. Raises GraphsUnreadable when the file is none of ours."""
        try:
            return from_plain(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise GraphsUnreadable(f"{path} holds no graphs of onnxdx: {error}") from error


class GraphsUnreadable(ValueError):
    """The file or object holds no graphs that this version can read."""


def to_plain(graphs: Graphs) -> dict[str, Any]:
    """The graphs as JSON-ready data.

    A node is [name, op, status, module, value, path, line, findings, origins], an edge [source, target, operand]:
    op to path and the findings are positions in `texts`, origins those of nodes in the graph before.
    """
    texts: dict[str, int] = {}

    def text(said: str) -> int:
        return texts.setdefault(said, len(texts))

    before: Mapping[str, int] = {}
    plain = []
    for graph in graphs.stages:
        rows = [
            [
                node.name,
                *map(text, (node.op, node.status.value, node.module, node.value, node.path)),
                node.line,
                [*map(text, node.findings)],
                [before[origin] for origin in node.origins],
            ]
            for node in graph.nodes
        ]
        plain.append({"stage": graph.stage.value, "nodes": rows, "edges": [list(edge) for edge in graph.edges]})
        before = graph.positions
    return {"schema": SCHEMA, "texts": list(texts), "graphs": plain}


def from_plain(plain: Any) -> Graphs:
    """The graphs that `to_plain` made `plain` of. Raises GraphsUnreadable."""
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        found = plain.get("schema") if isinstance(plain, dict) else type(plain).__name__
        raise GraphsUnreadable(f"expected schema {SCHEMA!r}, found {found!r}")
    try:
        texts = _Table(plain["texts"])
        statuses = {status.value: status for status in Status}
        stages: list[ProgramGraph] = []
        for graph in plain["graphs"]:
            before = _Table([node.name for node in stages[-1].nodes] if stages else [])
            nodes = tuple(_nodes(graph["nodes"], texts, before, statuses))
            edges = tuple(Edge(*edge) for edge in graph["edges"])
            stages.append(_sound(ProgramGraph(Stage(graph["stage"]), nodes, edges)))
        if len({graph.stage for graph in stages}) < len(stages):
            raise ValueError("a stage is there twice")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise GraphsUnreadable(f"damaged graphs: {error!r}") from error
    return Graphs(tuple(stages))


class _Table:
    """Texts by position. What is read from a file is believed in nothing, not even in its numbers."""

    def __init__(self, texts: Any) -> None:
        if type(texts) is not list or any(type(said) is not str for said in texts):
            raise TypeError("expected a list of texts")
        self._texts = texts

    def __call__(self, position: Any) -> str:
        """The text there. Raises TypeError, IndexError."""
        if type(position) is not int or position < 0:
            raise TypeError(f"expected a position, found {position!r:.80}")
        said: str = self._texts[position]
        return said


def _nodes(
    rows: Iterable[Any], text: Callable[[Any], str], before: Callable[[Any], str], statuses: Mapping[str, Status]
) -> Iterator[Node]:
    for name, op, status, module, value, path, line, findings, origins in rows:
        if type(name) is not str or type(line) is not int or line < 0:
            raise TypeError(f"expected a node, found {name!r:.80} at line {line!r:.80}")
        yield Node(
            name,
            text(op),
            statuses[text(status)],
            text(module),
            text(value),
            text(path),
            line,
            tuple(map(text, findings)) if findings else (),
            tuple(map(before, origins)) if origins else (),
        )


def _sound(graph: ProgramGraph) -> ProgramGraph:
    """The graph itself. Raises ValueError when names repeat or an edge ends nowhere."""
    count = len(graph.nodes)
    if len(graph.positions) < count:
        raise ValueError("two nodes have one name")
    for edge in graph.edges:
        whole = type(edge.source) is int and type(edge.target) is int and type(edge.operand) is int
        if not whole or not (0 <= edge.source < count and 0 <= edge.target < count):
            raise ValueError(f"an edge ends nowhere: {list(edge)!r:.80}")
    return graph
