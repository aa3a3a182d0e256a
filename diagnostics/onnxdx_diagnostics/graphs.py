"""The graphs of an export as plain data: the program as captured, as decomposed and as ONNX, and what became of what.

What walks a graph does so in networkx, which is imported on the first walk: opening a run costs nothing of it.
`graphs.json` holds tables by column, not a record for each node.
"""

from __future__ import annotations

import enum
import itertools
import json
import operator
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.fan import Fan
from onnxdx_diagnostics.finding import Finding

if TYPE_CHECKING:
    import networkx

SCHEMA = "onnxdx-graphs/1"
T = TypeVar("T")

_MOST = 1 << 31

# Graphs are written after the user's code ran, which may have replaced what `json` offers.
_encode = json.JSONEncoder(separators=(",", ":")).encode


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
    comes from. `function` is the ONNX function that stands for a decomposed node, and where it is from.
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
    function: str = ""


class Edge(NamedTuple):
    """`target` takes what `source` gives as its operand at this position. Both are positions in the graph's nodes."""

    source: int
    target: int
    operand: int


class EdgeTable(Sequence[Edge]):
    """Edges by column: of a large graph an object for each would be half of all that is in memory."""

    def __init__(self, sources: Sequence[int], targets: Sequence[int], operands: Sequence[int]) -> None:
        """Raises ValueError when the columns are of different lengths."""
        self._columns = tuple(array("i", column) for column in (sources, targets, operands))
        if len({len(column) for column in self._columns}) > 1:
            raise ValueError("columns of edges are of different lengths")

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, index: int) -> Edge: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Edge]: ...
    def __getitem__(self, index: int | slice) -> Edge | Sequence[Edge]:
        if isinstance(index, slice):
            return EdgeTable(*(column[index] for column in self._columns))
        return Edge(*(column[index] for column in self._columns))

    def __iter__(self) -> Iterator[Edge]:
        return itertools.starmap(Edge, zip(*self._columns, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(operator.eq, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True)
class ProgramGraph:
    """The program at one stage, its nodes in an order in which they can be computed."""

    stage: Stage
    nodes: tuple[Node, ...]
    edges: Sequence[Edge]

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

    @cached_property
    def by_origin(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that come from each node of the stage before, by its name."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for origin in node.origins:
                found.setdefault(origin, []).append(node)
        return {origin: tuple(nodes) for origin, nodes in found.items()}

    @cached_property
    def _fans(self) -> tuple[Fan, Fan]:
        """For each node the positions of the edges that lead to it, and the nodes that read it."""
        count, sources, targets = len(self.nodes), array("i"), array("i")
        for source, target, _ in self.edges:
            sources.append(source)
            targets.append(target)
        return Fan(targets, range(len(targets)), count), Fan(sources, targets, count)

    def into(self, position: int) -> list[Edge]:
        """The edges that lead to a node."""
        return [self.edges[at] for at in self._fans[0][position]]

    def sources(self, position: int) -> list[int]:
        """The positions of the nodes that a node reads, each once."""
        return list(dict.fromkeys(edge.source for edge in self.into(position)))

    def readers(self, position: int) -> list[int]:
        """The positions of the nodes that read a node, each once."""
        return list(dict.fromkeys(self._fans[1][position]))

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
    centre = graph.positions[name]
    found = {centre}
    ring = [centre]
    for _ in range(hops):
        reached: dict[int, None] = {}
        for member in ring:
            readers = graph.readers(member)
            if len(readers) > hub and member != centre:
                continue
            reached.update(dict.fromkeys([*graph.sources(member), *readers[:hub]]))
        ring = [member for member in reached if member not in found][: limit - len(found)]
        found.update(ring)
    kept = sorted(found)
    places = {position: place for place, position in enumerate(kept)}
    edges = {
        Edge(places[source], places[target], operand)
        for member in kept
        for source, target, operand in graph.into(member)
        if source in found
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
        write_text(path, _encode(to_plain(self)))

    @staticmethod
    def load(path: Path) -> Graphs:
        """Read what `save` wrote. Raises GraphsUnreadable when the file is none of ours."""
        try:
            return from_plain(json.loads(path.read_text(encoding="utf-8"), object_hook=_packed))
        except (OSError, ValueError, RecursionError) as error:
            raise GraphsUnreadable(f"{path} holds no graphs of onnxdx: {error}") from error


class GraphsUnreadable(ValueError):
    """The file or object holds no graphs that this version can read."""


def to_plain(graphs: Graphs) -> dict[str, Any]:
    """The graphs as JSON-ready data: tables by column, so that nothing is made for a node until it is read.

    Columns of texts hold positions in `texts`. `findings` and `origins` are pairs of a node's position and that of a
    text, or of a node in the graph before.
    """
    texts: dict[str, int] = {}
    before: Mapping[str, int] = {}
    plain = []
    for graph in graphs.stages:
        nodes, rows = graph.nodes, range(len(graph.nodes))
        columns = {
            name: [texts.setdefault(said, len(texts)) for said in map(read, nodes)] for name, read in _TEXTS.items()
        }
        findings = [(row, texts.setdefault(rule, len(texts))) for row in rows for rule in nodes[row].findings]
        origins = [(row, before[origin]) for row in rows for origin in nodes[row].origins]
        plain.append(
            {
                "stage": graph.stage.value,
                "nodes": {"name": [node.name for node in nodes], **columns, "line": [node.line for node in nodes]},
                "findings": _columns(findings, 2),
                "origins": _columns(origins, 2),
                "edges": _columns(graph.edges, 3),
            }
        )
        before = graph.positions
    return {"schema": SCHEMA, "texts": list(texts), "graphs": plain}


_TEXTS: Mapping[str, Callable[[Node], str]] = {
    "op": lambda node: node.op,
    "status": lambda node: node.status.value,
    "module": lambda node: node.module,
    "value": lambda node: node.value,
    "path": lambda node: node.path,
    "function": lambda node: node.function,
}
"""The texts of a node that many nodes share."""


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> list[list[int]]:
    return [[row[column] for row in rows] for column in range(width)]


def from_plain(plain: Any) -> Graphs:
    """The graphs that `to_plain` made `plain` of. Raises GraphsUnreadable."""
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        found = plain.get("schema") if isinstance(plain, dict) else type(plain).__name__
        raise GraphsUnreadable(f"expected schema {SCHEMA!r}, found {found!r}")
    try:
        texts = _column(plain["texts"], str)
        stages: list[ProgramGraph] = []
        known: dict[str, tuple[str]] = {}
        for graph in plain["graphs"]:
            stages.append(_read(graph, texts, stages[-1].nodes if stages else (), known))
        if len({graph.stage for graph in stages}) < len(stages):
            raise ValueError("a stage is there twice")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise GraphsUnreadable(f"damaged graphs: {error!r}") from error
    return Graphs(tuple(stages))


def _packed(plain: dict[str, Any]) -> dict[str, Any]:
    """An object of the file with its columns of numbers as arrays: all of them as objects would be most of a peak."""
    return {name: _packed_column(value) for name, value in plain.items()}


def _packed_column(value: Any) -> Any:
    if type(value) is not list or not value:
        return value
    if type(value[0]) is list:
        return [_packed_column(each) for each in value]
    if type(value[0]) is not int or set(map(type, value)) != {int}:
        return value
    try:
        return array("i", value)
    except OverflowError:  # no position is that large, which is said where the column is read
        return value


def _read(plain: Any, texts: Sequence[str], before: Sequence[Node], known: dict[str, tuple[str]]) -> ProgramGraph:
    """One graph; `known` are the names of all, each with itself alone, as stages share most of their names."""
    table = plain["nodes"]
    names = [known.setdefault(name, (name,))[0] for name in _column(table["name"], str)]
    count = len(names)
    if len(set(names)) < count:
        raise ValueError("two nodes have one name")
    told = {name: [texts[at] for at in _positions(table[name], len(texts))] for name in _TEXTS}
    statuses = {said: Status(said) for said in set(told["status"])}
    findings: list[tuple[str, ...]] = [()] * count
    for row, rule in zip(*_pairs(plain["findings"], count, len(texts)), strict=True):
        findings[row] += (texts[rule],)
    origins: list[tuple[str, ...]] = [()] * count
    for row, origin in zip(*_pairs(plain["origins"], count, len(before)), strict=True):
        origins[row] = (*origins[row], before[origin].name) if origins[row] else known[before[origin].name]
    columns = (
        names,
        told["op"],
        [statuses[said] for said in told["status"]],
        told["module"],
        told["value"],
        told["path"],
        _positions(table["line"], _MOST),
        findings,
        origins,
        told["function"],
    )
    if any(len(column) != count for column in columns):
        raise ValueError("columns of nodes are of different lengths")
    sources, targets, operands = plain["edges"]
    edges = EdgeTable(_positions(sources, count), _positions(targets, count), _positions(operands, _MOST))
    return ProgramGraph(Stage(plain["stage"]), tuple(itertools.starmap(Node, zip(*columns, strict=True))), edges)


def _pairs(plain: Any, rows: int, others: int) -> tuple[Sequence[int], Sequence[int]]:
    first, second = plain
    return _positions(first, rows), _positions(second, others)


def _positions(column: Any, count: int) -> Sequence[int]:
    """A column of positions below `count`: what is read from a file is believed in nothing, not even its numbers."""
    found = _column(column, int)
    if found and not 0 <= min(found) <= max(found) < count:
        raise ValueError(f"a position is outside of 0..{count}")
    return found


def _column(column: Any, kind: type[T]) -> Sequence[T]:
    if kind is int and type(column) is array:
        return column
    if type(column) is not list or not set(map(type, column)) <= {kind}:
        raise TypeError(f"expected a list of {kind.__name__}")
    return column
