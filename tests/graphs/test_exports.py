"""Graphs of real exports: every node of every stage is there, and is traced back to where it comes from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from onnxdx import ExportOptions, ONNXProgram, export
from onnxdx_diagnostics.graphs import Graphs, Node, ProgramGraph, Stage, Status

ROOT = Path(__file__).parents[2]
FUNCTIONS = ExportOptions(functions="modules", verify=False)
AROUND = (Status.SOURCE, Status.RESULT)


@pytest.fixture(params=["stack", "stack_of_functions", "unsupported"])
def program(request: pytest.FixtureRequest) -> ONNXProgram:
    """Each program in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, ONNXProgram)
    return found


def ops(graph: ProgramGraph) -> Counter[str]:
    return Counter(node.op for node in graph.nodes if node.status not in AROUND)


def named(graph: ProgramGraph, name: str) -> list[Node]:
    return [node for node in graph.nodes if node.name == name]


def test_every_captured_node_is_there(program: ONNXProgram) -> None:
    graphs = program.graphs()
    main = program.draft.captured.exported.graph

    captured = [node.name for node in graphs.stage(Stage.CAPTURED).nodes if "/" not in node.name]

    assert captured == [node.name for node in main.nodes]


def test_every_node_of_the_model_is_there(program: ONNXProgram) -> None:
    model = program.model
    bodies = [model.graph, *(function.graph for function in model.functions.values())]
    kinds = Counter(node.op_type for body in bodies for node in body.all_nodes() if node.op_type != "Constant")

    found = ops(program.graphs().stage(Stage.ONNX))

    assert Counter({op.rpartition("::")[2]: count for op, count in found.items()}) == kinds


def test_operands_are_those_of_the_captured_graph(program: ONNXProgram) -> None:
    graph = program.graphs().stage(Stage.CAPTURED)

    for node in program.draft.captured.exported.graph.nodes:
        given = {name for name in graph.network.pred[node.name] if "/" not in name}
        assert given == {argument.name for argument in node.all_input_nodes}


def test_nodes_stand_in_an_order_in_which_they_can_be_computed(program: ONNXProgram) -> None:
    for graph in program.graphs().stages:
        assert all(edge.source < edge.target for edge in graph.edges)


def test_provenance_is_complete(program: ONNXProgram) -> None:
    captured, decomposed, onnx = program.graphs().stages

    assert all(node.origins for node in decomposed.nodes)
    assert [node.name for node in onnx.nodes if node.status not in AROUND and not node.origins] == []
    assert {name for node in decomposed.nodes for name in node.origins} <= set(captured.positions)
    assert {name for node in onnx.nodes for name in node.origins} <= set(decomposed.positions)
    computed = {name for node in onnx.nodes if node.status is not Status.SOURCE for name in node.origins}
    assert computed == {node.name for node in decomposed.nodes if node.status in (Status.PLACED, Status.PLACEHOLDER)}


def test_nodes_that_optimisation_makes_in_a_function_are_traced_back() -> None:
    layers = [torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout()) for _ in range(2)]

    onnx = export(torch.nn.Sequential(*layers), (torch.rand(2, 4),), options=FUNCTIONS).graphs().stage(Stage.ONNX)

    assert "Identity" in [node.op for node in onnx.nodes if node.origins == ("dropout",)]
    assert [node.name for node in onnx.nodes if node.status not in AROUND and not node.origins] == []


def test_fate_of_captured_nodes(stack: ONNXProgram) -> None:
    graphs = stack.graphs()
    fates = {node.op: node.status for node in graphs.stage(Stage.CAPTURED).nodes}

    assert fates["aten.linear.default"] is Status.PLACED
    assert fates["aten.add_.Tensor"] is Status.REWRITTEN
    assert fates["aten.index_fill.int_Scalar"] is Status.REWRITTEN
    assert fates["aten.view.default"] is Status.REWRITTEN
    assert fates["aten.tanh.default"] is Status.UNUSED
    assert fates["getitem"] is Status.FOLDED
    assert fates["placeholder"] is Status.SOURCE
    assert fates["output"] is Status.RESULT


def test_what_became_of_an_operator_leads_to_the_model(stack: ONNXProgram) -> None:
    links = list(stack.graphs().links(Stage.CAPTURED, Stage.ONNX))

    assert ("linear_3", "blocks.3.linear/linear_3") in links
    assert ("p_blocks_3_linear_weight", "blocks.3.linear.weight") in links
    assert ("add_", "add_12") in links
    assert ("index_fill", "index_put.ScatterND") in links
    assert ("true_graph_0/sin", "sin") in links


def test_a_body_feeds_the_node_that_names_it(stack: ONNXProgram) -> None:
    graphs = stack.graphs()

    assert list(graphs.stage(Stage.CAPTURED).network.pred["true_graph_0"]) == ["true_graph_0/output"]
    condition = next(node for node in graphs.stage(Stage.ONNX).nodes if node.op == "If")
    kinds = {graphs.stage(Stage.ONNX).node(name).op for name in graphs.stage(Stage.ONNX).network.pred[condition.name]}
    assert {"Sin", "Cos"} <= kinds


def test_a_call_computes_the_whole_module(stack_of_functions: ONNXProgram) -> None:
    onnx = stack_of_functions.graphs().stage(Stage.ONNX)

    (call,) = named(onnx, "blocks.5")
    assert call.module == "blocks.5"
    assert set(call.origins) >= {"linear_5", "relu_5"}
    assert [node.origins for node in onnx.nodes if node.op == "Relu"] == [("relu",)]


def test_nodes_tell_where_they_are(stack: ONNXProgram) -> None:
    linear = stack.graphs().stage(Stage.CAPTURED).node("linear_3")

    assert (linear.module, linear.value) == ("blocks.3.linear", "f32[2, 4]")
    assert linear.path == "tests/graphs/conftest.py"
    line = (ROOT / linear.path).read_text().splitlines()[linear.line - 1]
    assert "self.linear(x)" in line


def test_collapsed_finding_is_on_all_its_nodes(unsupported: ONNXProgram) -> None:
    graphs = unsupported.graphs()
    (finding,) = unsupported.report.findings

    for graph in graphs.stages:
        faulty = [node for node in graph.nodes if node.findings]
        assert [node.findings for node in faulty] == [("DX301",)] * 12
        assert {node.status for node in faulty} == {Status.PLACEHOLDER}
        assert all("bessel" in node.op for node in faulty)
    blamed = graphs.blamed(finding)
    assert blamed is not None
    assert (blamed[0].stage, blamed[1].name) == (Stage.DECOMPOSED, finding.site.fx_node)


def test_graphs_survive_their_file(program: ONNXProgram, tmp_path: Path) -> None:
    graphs = program.graphs()

    graphs.save(tmp_path / "graphs.json")

    assert Graphs.load(tmp_path / "graphs.json") == graphs


def test_an_export_makes_no_graphs() -> None:
    program = "import sys, torch, onnxdx; onnxdx.export(torch.nn.ReLU(), (torch.rand(2),))"
    check = f"{program}; sys.exit('onnxdx.graphs' in sys.modules)"
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("diagnostics", "exporter", "tui"))

    ended = subprocess.run([sys.executable, "-c", check], env={**os.environ, "PYTHONPATH": paths}, capture_output=True)

    assert ended.returncode == 0
