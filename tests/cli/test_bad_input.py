"""Bad input: one clear message, the right exit code, no traceback, no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx_diagnostics import catalog

CODE = """
import sys
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x + 1

table = {}

def build():
    return Net(), (torch.rand(2, 4),)

def raises():
    raise ValueError("the weights are gone")

def exits():
    sys.exit(4)

def needs(width):
    return Net(), (torch.rand(2, width),)

def wrong():
    return Net()(torch.rand(2))

def three():
    return Net(), torch.rand(2), torch.rand(2)

def on_cuda():
    return Net(), (torch.rand(2, device="cuda"),)

def on_meta():
    return torch.nn.Linear(2, 2, device="meta"), (torch.rand(1, 2),)
"""

# What is asked for, the exit code, the rule, and a part of the one message.
TABLE = [
    (["gone.py:build"], 2, "DX701", "The file `gone.py` does not exist."),
    (["net.py"], 2, "DX701", "Export `net.py:build`."),
    (["net.py:biuld"], 2, "DX701", "Export `net.py:build`."),
    (["no_such_package.models:build"], 2, "DX701", "No module named `no_such_package` can be imported."),
    (["gone.pt2"], 2, "DX701", "The file `gone.pt2` does not exist."),
    (["text.pt2"], 2, "DX701", "`text.pt2` is not a program saved by `torch.export.save`."),
    (["net.py:table"], 2, "DX702", "is of type `dict`"),
    (["net.py:needs"], 2, "DX702", "its signature is `needs(width)`"),
    (["net.py:raises"], 1, "DX703", "`raises()` raises `ValueError`: the weights are gone."),
    (["net.py:exits"], 1, "DX703", "`exits()` exits the program with `4`."),
    (["broken.py:build"], 1, "DX703", "Importing `broken.py` raises `SyntaxError`"),
    (["imports.py:build"], 1, "DX703", "No module named 'no_such_package'"),
    (["net.py:wrong"], 1, "DX704", "`net.py:wrong` returns a `Tensor`"),
    (["net.py:three"], 1, "DX704", "returns a `Tensor` as the keyword inputs"),
    (["net.py:Net"], 2, "DX705", "The inputs do not fit `Net.forward(x)`"),
    (["net.py:Net", "--input", "float32[2,"], 2, "DX705", "The input `float32[2,` does not parse."),
    (["net.py:Net", "--input", "flaot32[2]"], 2, "DX705", "Use the dtype `float32`."),
    (["net.py:Net", "--input", "float32[999999,999999,99]"], 2, "DX705", "of memory"),
    (["net.py:build", "--input", "float32[2]"], 2, "DX705", "brings its own inputs"),
    (["net.py:build", "--opset", "3"], 2, "DX706", "Opset 3 is not supported"),
    (["net.py:build", "--dynamic", "x[batch"], 2, "DX707", "does not parse"),
    (["net.py:build", "--dynamic", "y[batch,_]"], 2, "DX707", "The inputs are: `x`."),
    (["net.py:build", "--dynamic", "x[batch]"], 2, "DX707", "does not fit the input's shape [2, 4]"),
    (["net.py:on_cuda"], 1, "DX708", "The device `cuda` is not available here."),
    (["net.py:on_meta"], 1, "DX737", "The model has no values for `weight` and `bias`"),
]


@pytest.fixture
def files(project: Path) -> set[Path]:
    (project / "net.py").write_text(CODE)
    (project / "broken.py").write_text("def build(:\n")
    (project / "imports.py").write_text("import no_such_package\n")
    (project / "text.pt2").write_text("not a program")
    return set(project.iterdir())


@pytest.mark.parametrize(("arguments", "code", "rule", "part"), TABLE, ids=[" ".join(row[0]) for row in TABLE])
def test_bad_input_is_one_clear_finding(
    arguments: list[str], code: int, rule: str, part: str, files: set[Path], project: Path, onnxdx: Callable
) -> None:
    done = onnxdx("export", *arguments, "-o", "model.onnx")

    assert done.code == code
    assert done.said.count(f"error[{rule}]") == 1
    assert part in done.said
    assert "Traceback" not in done.said
    assert {path for path in project.iterdir() if path.name != "__pycache__"} == files


def test_the_finding_stands_on_the_users_line(files: set[Path], onnxdx: Callable) -> None:
    done = onnxdx("export", "net.py:raises")

    assert "--> net.py:15:5" in done.out
    assert 'raise ValueError("the weights are gone")' in done.out


def test_traceback_is_shown_when_asked_for(files: set[Path], onnxdx: Callable) -> None:
    done = onnxdx("export", "net.py:raises", "--traceback")

    assert "Traceback (most recent call last)" in done.err
    assert "ValueError: the weights are gone" in done.err


def test_reports_are_written_for_a_target_that_fails(files: set[Path], project: Path, onnxdx: Callable) -> None:
    done = onnxdx("export", "net.py:raises", "--sarif", "out.sarif", "--run-dir", "run")

    assert done.code == 1
    assert '"ruleId":"DX703"' in (project / "out.sarif").read_text()
    assert '"DX703"' in (project / "run" / "run.json").read_text()


@pytest.mark.parametrize("option", ["--output", "--sarif"])
@pytest.mark.parametrize("place", ["no/such/folder/file", ".", "model.py/file"])
def test_an_unwritable_path_is_said_before_the_export(option: str, place: str, project: Path, onnxdx: Callable) -> None:
    before = set(project.iterdir())

    done = onnxdx("export", "model.py:build", option, place)

    assert done.code == 2
    assert f"Error: {option}: " in done.err
    assert "Traceback" not in done.said
    assert set(project.iterdir()) == before


def test_two_outputs_need_two_names(onnxdx: Callable) -> None:
    done = onnxdx("export", "model.py:build", "-o", "out", "--sarif", "./out")

    assert done.code == 2
    assert "--output and --sarif name the same file" in done.err


@pytest.mark.parametrize("wrong", [["--opst", "18"], ["--format", "xml"], ["--fail-on", "never"], []])
def test_wrong_options_are_usage_errors(wrong: list[str], onnxdx: Callable) -> None:
    done = onnxdx("export", *(["model.py:build", *wrong] if wrong else []))

    assert done.code == 2
    assert "Error: " in done.err
    assert "Traceback" not in done.said


def test_an_unknown_rule_names_the_nearest(onnxdx: Callable) -> None:
    done = onnxdx("explain", "no-onnx-fuction")

    assert done.code == 2
    assert "no-onnx-function" in done.err
    assert "Traceback" not in done.said


def test_a_file_that_is_no_report_is_said_to_be_none(project: Path, onnxdx: Callable) -> None:
    (project / "run.json").write_text('{"schema": "other/1"}')

    done = onnxdx("explain", "run.json")

    assert done.code == 2
    assert "run.json cannot be explained" in done.err


def test_every_rule_can_be_explained(onnxdx: Callable) -> None:
    for rule_id in catalog.ids():
        assert onnxdx("explain", rule_id).code == 0
