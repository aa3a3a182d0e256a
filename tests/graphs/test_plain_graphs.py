"""Graphs as plain data: there and back, refused when damaged, walked within bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from onnxdx_diagnostics.graphs import (
    Edge,
    Graphs,
    GraphsUnreadable,
    Node,
    ProgramGraph,
    Stage,
    Status,
    from_plain,
    neighbourhood,
    to_plain,
)

ROOT = Path(__file__).parents[2]


@st.composite
def program_graphs(draw: st.DrawFn, stage: Stage = Stage.ONNX, before: tuple[str, ...] = ()) -> ProgramGraph:
    """A graph in topological order: each node takes any earlier ones as operands, the same one twice perhaps."""
    names = draw(st.lists(st.text(max_size=8), min_size=1, max_size=25, unique=True))
    texts = st.sampled_from(["", "aten.add.Tensor", "größe[\x1b]", "layers.0", "\ud800"])
    nodes, edges = [], []
    for position, name in enumerate(names):
        taken = draw(st.lists(st.integers(0, position - 1), max_size=4)) if position else []
        edges += [Edge(source, position, operand) for operand, source in enumerate(taken)]
        origins = tuple(draw(st.lists(st.sampled_from(before), max_size=3, unique=True))) if before else ()
        findings = tuple(draw(st.lists(st.sampled_from(["DX301", "DX601"]), max_size=2)))
        status, line = draw(st.sampled_from(Status)), draw(st.integers(0, 10_000))
        nodes.append(Node(name, draw(texts), status, draw(texts), draw(texts), draw(texts), line, findings, origins))
    return ProgramGraph(stage, tuple(nodes), tuple(edges))


@st.composite
def graphs_of_runs(draw: st.DrawFn) -> Graphs:
    """Some stages of a run, the origins of each in the one before."""
    stages: list[ProgramGraph] = []
    for stage in draw(st.lists(st.sampled_from(Stage), unique=True, max_size=3)):
        stages.append(draw(program_graphs(stage, tuple(node.name for node in stages[-1].nodes) if stages else ())))
    return Graphs(tuple(stages))


def chain(*operands: tuple[str, ...]) -> ProgramGraph:
    """A graph written down: each node as its name and then those of its operands."""
    nodes = tuple(Node(name, "op", Status.PLACED) for name, *_ in operands)
    positions = {node.name: position for position, node in enumerate(nodes)}
    edges = tuple(
        Edge(positions[source], positions[name], index)
        for name, *sources in operands
        for index, source in enumerate(sources)
    )
    return ProgramGraph(Stage.ONNX, nodes, edges)


def names(graph: ProgramGraph) -> list[str]:
    return [node.name for node in graph.nodes]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs_of_runs())
def test_graphs_come_back_from_plain_data(graphs: Graphs) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(graphs)))) == graphs


def test_graphs_come_back_from_their_file(tmp_path: Path) -> None:
    graphs = Graphs((chain(("x",), ("relu", "x")),))

    graphs.save(tmp_path / "graphs.json")

    assert Graphs.load(tmp_path / "graphs.json") == graphs


def _set(*path: str | int, to: Any) -> Any:
    def damage(plain: Any) -> None:
        *way, last = path
        for step in way:
            plain = plain[step]
        plain[last] = to

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        _set("schema", to="onnxdx-graphs/2"),
        _set("texts", to=[1, 2, 3]),
        _set("texts", to=["op"]),
        _set("graphs", to=7),
        _set("graphs", 0, "stage", to="compiled"),
        _set("graphs", 0, "nodes", "name", to=["x", "x"]),
        _set("graphs", 0, "nodes", "name", to=["x"]),
        _set("graphs", 0, "nodes", "op", to=[0, -1]),
        _set("graphs", 0, "nodes", "status", to=[0, 0]),
        _set("graphs", 0, "nodes", "line", to=[0, True]),
        _set("graphs", 0, "edges", to=[[0], [2], [0]]),
        _set("graphs", 0, "edges", to=[[0], [1]]),
        _set("graphs", 0, "edges", to=[[0, 0], [1], [0]]),
        _set("graphs", 0, "origins", to=[[0], [0]]),
        _set("graphs", 0, "findings", to=[[5], [0]]),
    ],
)
def test_damaged_graphs_are_refused(damage: Any) -> None:
    plain = to_plain(Graphs((chain(("x",), ("relu", "x")),)))
    damage(plain)

    with pytest.raises(GraphsUnreadable):
        from_plain(plain)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_foreign_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "graphs.json").write_bytes(content)

    with pytest.raises(GraphsUnreadable):
        Graphs.load(tmp_path / "graphs.json")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(program_graphs(), st.data())
def test_a_neighbourhood_is_bounded_and_whole(graph: ProgramGraph, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(names(graph)))
    hops, hub, limit = data.draw(st.integers(0, 4)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 10))

    around = neighbourhood(graph, name, hops, hub, limit)

    found = names(around)
    assert name in found
    assert len(found) <= limit
    assert found == [each for each in names(graph) if each in found]
    among = {
        (names(graph)[s], names(graph)[t], o)
        for s, t, o in graph.edges
        if {names(graph)[s], names(graph)[t]} <= {*found}
    }
    assert {(found[s], found[t], o) for s, t, o in around.edges} == among


def test_two_hops_reach_two_nodes_far() -> None:
    graph = chain(("a",), ("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"))

    assert names(neighbourhood(graph, "d")) == ["b", "c", "d", "e", "f"]


def test_the_way_does_not_lead_through_a_hub() -> None:
    layers = [(f"layer_{number}", "mask") for number in range(100)]
    graph = chain(("x",), ("mask", "x"), *layers, ("end", "layer_7"))

    assert names(neighbourhood(graph, "layer_7", hops=4)) == ["mask", "layer_7", "end"]


def test_a_hub_itself_shows_some_of_its_consumers() -> None:
    graph = chain(("x",), ("mask", "x"), *[(f"layer_{number}", "mask") for number in range(100)])

    around = neighbourhood(graph, "mask", hub=3)

    assert names(around) == ["x", "mask", "layer_0", "layer_1", "layer_2"]


def test_an_operand_given_twice_is_two_edges() -> None:
    graph = chain(("x",), ("mul", "x", "x"))

    assert graph.network.number_of_edges("x", "mul") == 2
    assert neighbourhood(graph, "mul").edges == graph.edges


def test_links_lead_over_the_stages_between() -> None:
    first = ProgramGraph(Stage.CAPTURED, (Node("silu", "aten.silu", Status.REWRITTEN),), ())
    parts = tuple(Node(name, name, Status.PLACED, origins=("silu",)) for name in ("sigmoid", "mul"))
    last = ProgramGraph(Stage.ONNX, (Node("Sigmoid", "Sigmoid", Status.PLACED, origins=("sigmoid", "mul")),), ())
    graphs = Graphs((first, ProgramGraph(Stage.DECOMPOSED, parts, (Edge(0, 1, 0),)), last))

    union = graphs.union(Stage.CAPTURED, Stage.ONNX)

    assert list(graphs.links(Stage.CAPTURED, Stage.ONNX)) == [("silu", "Sigmoid")]
    assert list(union.edges(data="kind")) == [((Stage.CAPTURED, "silu"), (Stage.ONNX, "Sigmoid"), "becomes")]
    assert graphs.union(Stage.DECOMPOSED, Stage.ONNX).number_of_edges() == 3


@pytest.mark.parametrize(
    "program", ["import onnxdx_diagnostics.graphs", "from onnxdx_tui.cli import run; run(['explain', 'DX301'])"]
)
def test_networkx_waits_for_a_walk(program: str) -> None:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("diagnostics", "exporter", "tui"))
    check = f"import sys; {program}; sys.exit('networkx' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", check], env={**os.environ, "PYTHONPATH": paths}, capture_output=True)

    assert ended.returncode == 0
