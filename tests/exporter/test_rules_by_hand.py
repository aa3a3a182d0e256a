"""Rules that no program triggers while the passes are sound: each pass on a value that was made faulty by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
import torch

from onnxdx import pipeline
from onnxdx.passes import capture, decompose, dispatch, functions, translate, validate
from onnxdx.registry import Entry, OnnxRegistry
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.user_code.provenance import SourceMap
from onnxdx.values import CapturedProgram, CaptureMode, DispatchPlan, OnnxDraft
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.report import Outcome
from onnxdx_diagnostics.rules.dx307_opset_too_low import OpsetTooLow
from onnxdx_diagnostics.rules.dx401_module_interleaved import ModuleInterleaved
from onnxdx_diagnostics.rules.dx402_module_in_branch import ModuleInBranch
from onnxdx_diagnostics.rules.dx505_duplicate_names import DuplicateNames
from onnxdx_diagnostics.rules.dx803_out_of_memory import OutOfMemory
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.sink import Collector

Rule = TypeVar("Rule", bound=Finding)


class Block(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = torch.nn.Linear(4, 4)
        self.down = torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.down(torch.sigmoid(self.up(x)))
        return y


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.block(x)
        return y, y + x


class Choice(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = torch.nn.Linear(4, 4)
        self.refine = torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = torch.cond(x.sum() > 0, lambda x: self.refine(x), lambda x: x * 0.5, (self.stem(x),))
        return y


def test_an_entry_for_a_later_opset_is_not_used() -> None:
    newer = Entry("aten::argmax", object(), "user.py:1", since=23)
    registry = OnlyUser({"aten::argmax": (newer,)})

    sink = Collector()
    plan = dispatched(Best(), sink, ExportOptions(onnx_registry=registry))

    (finding,) = sink.findings
    assert isinstance(finding, OpsetTooLow)
    assert (finding.operator, finding.needed, finding.asked) == ("aten.argmax.default", 23, 20)
    assert not plan.placements


def test_a_module_whose_values_leave_and_come_back_stays_flat() -> None:
    plan = dispatched(Net(), Collector(), ExportOptions(functions="modules"))
    (between,) = (node for node in plan.program.graph.nodes if node.name == "sigmoid")
    between.meta["nn_module_stack"] = dict(list(between.meta["nn_module_stack"].items())[:1])

    sink = Collector()
    planned = functions.run(plan, sink)

    (finding,) = said(sink, ModuleInterleaved)
    assert finding.path == "block"
    assert finding.class_name.endswith(".Block")
    assert [getattr(item, "path", "") for item in planned.root.items][:3] == ["block.up", "", "block.down"]


def test_a_module_in_a_branch_is_noted() -> None:
    sink = Collector()
    functions.run(dispatched(Choice(), Collector(), ExportOptions(functions="modules"), strict=True), sink)

    assert "refine" in {finding.path.rpartition(".")[2] for finding in said(sink, ModuleInBranch)}


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_a_name_that_is_given_twice_is_reported(kind: str) -> None:
    draft = translated(Sum())
    first, second = getattr(draft.model.graph, kind)
    second.name = first.name

    sink = Collector()
    validate.run(draft, sink)

    (finding,) = sink.findings
    assert isinstance(finding, DuplicateNames)
    assert (finding.kind, finding.duplicates) == (kind, (first.name,))


def test_a_pass_that_breaks_is_an_internal_error_and_the_report_stands() -> None:
    options = ExportOptions(onnx_registry=BrokenRegistry())

    program, report = pipeline.run(ExportRequest(Net(), (torch.rand(2, 4),), options=options))

    (finding,) = report.findings
    assert isinstance(finding, InternalError)
    assert (finding.stage, finding.reason) == ("decompose", "LookupError: the shelf is empty")
    assert finding.where.startswith(f"{__file__}:")
    assert program is None
    assert not report.exported
    assert [record.outcome for record in report.passes] == [Outcome.PASSED, Outcome.FAILED, *[Outcome.NOT_RUN] * 6]


class Greedy(OnnxRegistry):
    """A registry that wants more memory than there is."""

    def __init__(self, wanted: Callable[[], object]) -> None:
        super().__init__()
        self.wanted = wanted

    def entries(self, target: object) -> tuple[Entry, ...]:
        self.wanted()
        return super().entries(target)  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", [lambda: bytearray(2**62), lambda: torch.empty(2**55)], ids=["Python", "torch"])
def test_a_pass_that_gets_no_memory_is_no_fault_of_anybody(wanted: Callable[[], object]) -> None:
    options = ExportOptions(onnx_registry=Greedy(wanted))

    _, report = pipeline.run(ExportRequest(Net(), (torch.rand(2, 4),), options=options))

    (finding,) = report.findings
    assert isinstance(finding, OutOfMemory)
    assert finding.doing == "decompose"
    assert "emory" in finding.reason
    assert not report.exported


class Best(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.argmax(-1)


class Sum(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x + y, x - y


class OnlyUser(OnnxRegistry):
    """A registry in which the user's entries hide all others."""

    def entries(self, target: object) -> tuple[Entry, ...]:
        found = super().entries(target)  # type: ignore[arg-type]
        own = tuple(entry for entry in found if entry.origin.startswith("user.py"))
        return own or found


class BrokenRegistry(OnnxRegistry):
    def entries(self, target: object) -> tuple[Entry, ...]:
        raise LookupError("the shelf is empty")


def captured(model: torch.nn.Module, options: ExportOptions, *, strict: bool = False) -> CapturedProgram:
    inputs = (torch.rand(2, 4),) * (2 if isinstance(model, Sum) else 1)
    request = ExportRequest(model, inputs, options=options)
    if strict:
        exported = torch.export.export(model, inputs, strict=True)
        return CapturedProgram(request, exported, CaptureMode.STRICT, SourceMap("", None))
    program = capture.run(request, Collector())
    assert program is not None
    return program


def dispatched(
    model: torch.nn.Module, sink: Collector, options: ExportOptions, *, strict: bool = False
) -> DispatchPlan:
    return dispatch.run(decompose.run(captured(model, options, strict=strict), sink), sink)


def translated(model: torch.nn.Module) -> OnnxDraft:
    sink = Collector()
    return translate.run(functions.run(dispatched(model, sink, ExportOptions()), sink), sink)


def said(sink: Collector, rule: type[Rule]) -> list[Rule]:
    return [finding for finding in sink.findings if isinstance(finding, rule)]
