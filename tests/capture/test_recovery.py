"""What stands behind the first fault of a capture: every program in `recovered/` says all its faults in one run.

`# expect: DX101` marks the lines that are to blame. Whatever happens in between, the operators at the end of a program
are in the graph that the later passes get.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from onnxdx.capture.recovery import OUT_OF_TIME, Budget
from onnxdx.compat.pytree import leaves_of
from onnxdx.passes import capture
from onnxdx.request import ExportOptions
from onnxdx.target import load
from onnxdx.values import CaptureMode
from onnxdx_diagnostics.sink import Collector

HERE = Path(__file__).parent
PROGRAMS = sorted((HERE / "recovered").glob("*.py"))
WITHOUT_GRAPH = {"eager_fails", "cond_operand_type"}
"""These fail without any export, too."""

FOREIGN_BRANCH = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = x * 2
        raw = bytes(x.untyped_storage())
        return torch.sin(x + len(raw))

def build():
    return Net(), (torch.rand(2, 3),)
"""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_every_fault_is_told_on_its_line(program: Path, captured: Callable) -> None:
    result = captured(program.read_text())

    assert result.marked
    assert result.said == result.marked
    assert all(Path(each.site.location.path).name == "program.py" for each in result.findings)


@pytest.mark.parametrize(
    "program", [path for path in PROGRAMS if path.stem not in WITHOUT_GRAPH], ids=lambda path: path.stem
)
def test_the_later_passes_get_the_last_operator(program: Path, captured: Callable) -> None:
    text = program.read_text()

    result = captured(text)

    assert result.program.recovered
    if "svdvals" in text:
        (node,) = (n for n in result.program.exported.graph.nodes if n.target is torch.ops.aten.linalg_svdvals.default)
        assert "svdvals" in text.splitlines()[result.program.sources.site(node).location.line - 1]


def test_the_same_faults_in_equal_layers_are_told_once(captured: Callable) -> None:
    findings = captured((HERE / "recovered" / "twenty_layers.py").read_text()).findings

    assert {(each.id, each.site.occurrences, len(each.site.modules)) for each in findings} == {
        ("DX101", 24, 24),
        ("DX110", 24, 24),
    }


def test_what_foreign_code_stands_in_is_recorded(captured: Callable) -> None:
    result = captured(FOREIGN_BRANCH)

    targets = [str(node.target) for node in result.program.exported.graph.nodes]
    assert result.program.mode is CaptureMode.RECORDED
    assert "aten.sin.default" in targets
    assert result.said == [(6, "DX101"), (8, "DX110")]


def test_the_types_of_torch_are_known_as_before(captured: Callable) -> None:
    result = captured((HERE / "recovered" / "class_in.py").read_text())

    (batch,) = result.program.request.args
    assert leaves_of(batch) == [batch]


def test_the_model_is_left_as_it_was(captured: Callable) -> None:
    result = captured((HERE / "recovered" / "scripted.py").read_text())

    model = result.program.request.model
    assert isinstance(model.head, torch.jit.ScriptModule)
    assert "__wrapped__" not in vars(type(model).forward)
    assert model(torch.rand(2, 4)).shape


def test_without_time_only_the_first_fault_is_told(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(FOREIGN_BRANCH)
    request = dataclasses.replace(
        load(f"{tmp_path}/program.py:build", str(tmp_path)), options=ExportOptions(recovery_budget=0)
    )
    sink = Collector()

    assert capture.run(request, sink) is None
    assert [finding.id for finding in sink.findings] == ["DX101"]
    assert sink.facts == {"stand-in": OUT_OF_TIME, "recording": OUT_OF_TIME}


def test_a_rung_is_timed() -> None:
    budget = Budget(60)

    assert budget.rung("stand-in", lambda: 3) == 3
    assert list(budget.facts) == ["stand-in"]


def test_a_budget_is_a_number_of_seconds() -> None:
    with pytest.raises(ValueError, match="recovery_budget"):
        ExportOptions(recovery_budget=-1)
