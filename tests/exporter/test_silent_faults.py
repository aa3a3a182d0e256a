"""Programs that are captured without any error and yet are not what the user wrote, and some that only look like it.

One file per fault in `silent/faults/`, with `# expect: DX115` on each line that is to blame. Those in `silent/fine/`
are exported, but for operators that have no ONNX function.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import onnxdx
from onnxdx import pipeline
from onnxdx.request import ExportRequest
from onnxdx.target import load
from onnxdx_diagnostics.report import Report

HERE = Path(__file__).parent / "silent"
FAULTS = sorted((HERE / "faults").glob("*.py"))
FINE = sorted((HERE / "fine").glob("*.py"))
Exported = Callable[[Path], Report]


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """Exports the `build()` of a program, in a folder of its own."""

    def run(program: Path) -> Report:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "program.py").write_text(program.read_text(encoding="utf-8"), encoding="utf-8")
        return pipeline.run(load("program.py:build", str(tmp_path)))[1]

    return run


def said(report: Report) -> set[tuple[str, int]]:
    return {(each.id, each.site.location.line if each.site.location else 0) for each in report.findings}


def marked(program: Path) -> set[tuple[str, int]]:
    lines = enumerate(program.read_text(encoding="utf-8").splitlines(), 1)
    marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in lines)
    return {(rule, number) for number, mark in marks if mark for rule in re.findall(r"DX\d{3}", mark[1])}


@pytest.mark.parametrize("program", FAULTS, ids=lambda path: path.stem)
def test_a_fault_that_nobody_raises_is_told_on_its_line(program: Path, exported: Exported) -> None:
    report = exported(program)

    assert said(report) == marked(program)
    assert {rule for rule, _ in marked(program)} - {"DX301"}


@pytest.mark.parametrize("program", FINE, ids=lambda path: path.stem)
def test_what_only_looks_like_a_fault_is_left_alone(program: Path, exported: Exported) -> None:
    report = exported(program)

    assert said(report) == marked(program)
    assert report.exported or {rule for rule, _ in marked(program)} == {"DX301"}


@pytest.mark.parametrize("program", ["global_counter", "global_list", "object_state", "iterator", "class_attribute"])
def test_an_export_leaves_the_state_of_the_program_as_it_was(program: str, exported: Exported) -> None:
    first = exported(HERE / "faults" / f"effect_{program}.py")
    second = exported(HERE / "faults" / f"effect_{program}.py")

    assert [each.message() for each in second.findings] == [each.message() for each in first.findings]


def test_a_global_cache_holds_no_tensor_of_a_capture() -> None:
    path = HERE / "fine" / "effect_global_memo.py"
    names: dict[str, Any] = {"__name__": "memo", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    model, args = names["build"]()

    pipeline.run(ExportRequest(model, args, root=str(HERE)))

    assert all(type(value) is torch.Tensor for value in names["MEMO"].values())
    assert torch.equal(model(*args), args[0] + torch.arange(3.0))


def test_trials_print_nothing(exported: Exported, capfd: pytest.CaptureFixture[str]) -> None:
    exported(HERE / "faults" / "effect_counter_matters.py")

    assert capfd.readouterr().out == ""
    assert sys.gettrace() is None or "pytest_cov" in sys.modules


CELL = """
import torch

class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = torch.zeros(1)

    def forward(self, x):
        self.calls = self.calls + x.sum()
        return x + self.calls
"""


def test_state_of_a_class_from_a_notebook_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<cell of a notebook>"
    monkeypatch.setitem(linecache.cache, name, (len(CELL), None, CELL.splitlines(keepends=True), name))
    namespace: dict[str, Any] = {"__name__": "a_notebook"}
    exec(compile(CELL, name, "exec"), namespace)

    with pytest.raises(onnxdx.ExportError) as failed:
        onnxdx.export(namespace["Counting"]().eval(), (torch.rand(2),))

    assert [finding.id for finding in failed.value.report.findings] == ["DX415"]
