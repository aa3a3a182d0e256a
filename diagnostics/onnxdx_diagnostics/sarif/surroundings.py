"""The part of the program around a fault, as a graph of a SARIF result and a way through it that ends at the fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sarif_om as om

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.graphs import Edge, Graphs, Node, ProgramGraph, Status, neighbourhood
from onnxdx_diagnostics.visible import visible

# The nodes that all results of a log may show together: about 5 MB, a tenth of it compressed.
MOST_NODES = 20_000

_HOPS = 2


@dataclass(frozen=True)
class Surroundings:
    """The nodes around the one that a finding is about, `at` being its position among them."""

    graph: ProgramGraph
    at: int


def surroundings(finding: Finding, graphs: Graphs) -> Surroundings | None:
    """What is around the node of a finding; None when it is about no node."""
    blamed = graphs.blamed(finding)
    if blamed is None:
        return None
    graph, node = blamed
    around = neighbourhood(graph, node.name, _HOPS)
    return Surroundings(around, around.positions[node.name])


def result_graph(around: Surroundings, locate: Callable[[Node], om.Location | None]) -> om.Graph:
    """The surroundings as a graph."""
    graph = around.graph
    return om.Graph(
        description=om.Message(
            text=f"The {graph.stage.value} program around '{visible(graph.nodes[around.at].name)}'."
        ),
        nodes=[
            om.Node(id=f"n{position}", label=om.Message(text=_label(node)), location=locate(node))
            for position, node in enumerate(graph.nodes)
        ],
        edges=[
            om.Edge(
                id=f"e{position}",
                source_node_id=f"n{edge.source}",
                target_node_id=f"n{edge.target}",
                label=om.Message(text=f"operand {edge.operand}"),
            )
            for position, edge in enumerate(graph.edges)
        ]
        or None,
    )


def result_traversal(around: Surroundings, said: str) -> om.GraphTraversal | None:
    """The way of the values to the fault, which is the last step; None when nothing leads to it."""
    nodes, way = around.graph.nodes, list(_way(around))[::-1]
    if not way:
        return None
    edges = {edge: position for position, edge in enumerate(around.graph.edges)}
    return om.GraphTraversal(
        result_graph_index=0,
        initial_state=_state(nodes[way[0].source]),
        edge_traversals=[
            om.EdgeTraversal(
                edge_id=f"e{edges[edge]}",
                final_state=_state(nodes[edge.target]),
                message=om.Message(text=said) if edge.target == around.at else None,
            )
            for edge in way
        ],
    )


def _way(around: Surroundings) -> Iterator[Edge]:
    """From the fault backwards, through the first operand that is computed where there is one."""
    nodes, at = around.graph.nodes, around.at
    for _ in range(_HOPS):
        into = [edge for edge in around.graph.edges if edge.target == at]
        if not into:
            return
        edge = min(into, key=lambda edge: (nodes[edge.source].status is Status.SOURCE, edge.operand))
        yield edge
        at = edge.source


def _label(node: Node) -> str:
    return visible(f"{node.name}: {node.op} {node.value}".rstrip())


def _state(node: Node) -> dict[str, om.MultiformatMessageString] | None:
    return {visible(node.name): om.MultiformatMessageString(text=visible(node.value))} if node.value else None
