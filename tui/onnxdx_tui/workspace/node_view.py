"""Which node the app is at: that of the selected finding, or the one that the user has gone to."""

from __future__ import annotations

from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.graphs import Graphs, Node, ProgramGraph, Stage
from onnxdx_tui.workspace.state import State


def node_at(state: State) -> tuple[ProgramGraph, Node] | None:
    """The node that Graph and Source are about."""
    graphs = state.opened.graphs if state.opened else None
    if graphs is None:
        return _around(state)
    if state.node is not None:
        stage, name = state.node
        graph = _stage(graphs, stage)
        return (graph, graph.node(name)) if graph is not None and name in graph.positions else None
    return _of_finding(state, graphs)


def _around(state: State) -> tuple[ProgramGraph, Node] | None:
    """The same where only the nodes around each finding are known."""
    around = state.opened.around if state.opened else ()
    graph = around[state.finding] if state.finding is not None and state.finding < len(around) else None
    if graph is None:
        return None
    fault = next((node.name for node in graph.nodes if node.findings), "")
    name = state.node[1] if state.node is not None else fault
    return (graph, graph.node(name)) if name in graph.positions else None


def _of_finding(state: State, graphs: Graphs) -> tuple[ProgramGraph, Node] | None:
    """The node that the selected finding is about; where it names none, the first one of its line."""
    finding = state.selected
    if finding is None or state.opened is None:
        return None
    blamed = graphs.blamed(finding)
    place = finding.site.location
    if blamed is not None or place is None:
        return blamed
    path = shown_path(place.path, state.opened.report.root)
    for graph in graphs.stages:
        for node in graph.nodes:
            if place.line <= node.line <= place.end_line and node.path == path:
                return graph, node
    return None


def left_name(state: State) -> str:
    """The node of the diff's left program that the finding is about."""
    graphs = state.opened.graphs if state.opened else None
    found = _of_finding(state, graphs) if graphs is not None else None
    if graphs is None or found is None:
        return ""
    graph, node = found
    if graph.stage is state.program:
        return node.name
    if graph.stage is Stage.DECOMPOSED:
        return node.origins[0] if node.origins else ""
    decomposed = _stage(graphs, Stage.DECOMPOSED)
    images = decomposed.by_origin.get(node.name, ()) if decomposed else ()
    return images[0].name if images else ""


def place_of(node: Node) -> Location | None:
    """The user's line of a node."""
    return Location(node.path, node.line) if node.path and node.line > 0 else None


def _stage(graphs: Graphs, stage: Stage) -> ProgramGraph | None:
    return next((graph for graph in graphs.stages if graph.stage is stage), None)
