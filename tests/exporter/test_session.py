"""A session: what it gives after any number of changes is what a fresh export gives."""

from __future__ import annotations

import functools
import gc
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxscript import opset18 as op

import onnxdx
from onnxdx import pipeline
from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.session import Session
from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.report import Report, VerdictOutcome

_BODIES = {
    "double": lambda x: x * 2,
    "third": lambda x: x / 3,
    "swap": lambda x: x.flip(-1),
}
_LIBRARY = torch.library.Library("session", "DEF")
for _name, _body in _BODIES.items():
    _LIBRARY.define(f"{_name}(Tensor x) -> Tensor")
    _LIBRARY.impl(_name, _body, "CPU")
    _LIBRARY.impl(_name, torch.empty_like, "Meta")


class Net(torch.nn.Module):
    """Custom operators, an operator that is decomposed, a write, and a buffer that each call updates."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.add_(1)
        y = torch.ops.session.double(self.linear(x))
        y = y.clone()
        y[:, 0] = 0
        y = torch.ops.session.third(torch.nn.functional.huber_loss(y, x, reduction="none"))
        return torch.ops.session.swap(y) + self.calls


def double(x: Any) -> Any:
    return op.Add(x, x)


def third(x: Any) -> Any:
    return op.Div(x, 3.0)


def swap(x: Any) -> Any:
    return op.Gather(x, op.Constant(value_ints=[3, 2, 1, 0]), axis=-1)


def wrong(x: Any) -> Any:
    return op.Mul(x, 3.0)


FUNCTIONS = {"double": double, "third": third, "swap": swap}
torch.manual_seed(0)
MODEL, INPUT = Net(), torch.rand(3, 4)


def registry(names: frozenset[str], first: Any = double) -> onnxdx.OnnxRegistry:
    made = onnxdx.OnnxRegistry()
    for name in sorted(names):
        made = made.with_op(f"session::{name}", first if name == "double" else FUNCTIONS[name])
    return made


def request(names: frozenset[str] = frozenset(), **options: Any) -> ExportRequest:
    return ExportRequest(
        MODEL, (INPUT,), {}, {"x": {0: "batch"}}, ExportOptions(onnx_registry=registry(names), **options), "net"
    )


def told(program: ONNXProgram | None, report: Report) -> object:
    """All of a result that must not depend on how it came about."""
    assert program is not None
    outcomes = [(record.name, record.outcome) for record in report.passes]
    return report.findings, report.verdict, report.exported, outcomes, program.model_proto.SerializeToString()


@functools.cache
def fresh(names: frozenset[str], opset: int, functions: Any) -> object:
    return told(*pipeline.run(request(names, opset_version=opset, functions=functions)))


changes = st.tuples(
    st.frozensets(st.sampled_from(sorted(FUNCTIONS))), st.sampled_from([18, 20]), st.sampled_from(["none", "modules"])
)


@settings(max_examples=6, deadline=None)
@given(st.lists(changes, min_size=1, max_size=4))
def test_a_rerun_is_a_fresh_export(steps: list[tuple[frozenset[str], int, Any]]) -> None:
    session = Session(request())

    session.run()
    for names, opset, functions in steps:
        session.rerun(
            registry=registry(names), options=replace(session.request.options, opset_version=opset, functions=functions)
        )

        assert session.report is not None
        assert told(session.program, session.report) == fresh(names, opset, functions)


def test_a_rerun_says_what_became_of_the_findings() -> None:
    session = Session(request())
    session.run()

    comparison = session.rerun(registry=registry(frozenset({"double"})))

    assert str(comparison) == "1 resolved, 3 remaining, 0 introduced"
    assert [finding.site.op for finding in comparison.resolved] == ["session.double.default"]


def test_a_rerun_with_all_functions_is_proven_without_another_capture() -> None:
    session = Session(request())
    session.run()

    session.rerun(registry=registry(frozenset(FUNCTIONS)))

    assert session.report is not None
    assert session.report.verdict.outcome is VerdictOutcome.PROVEN
    assert session.report.passes[0].facts["kept"] == 1


def test_a_function_that_computes_something_else_is_found_again_and_again() -> None:
    session = Session(request(frozenset(FUNCTIONS)))

    outcomes = [session.run().verdict.outcome]
    for first in (wrong, double, wrong):
        session.rerun(registry=registry(frozenset(FUNCTIONS), first))
        assert session.report is not None
        outcomes.append(session.report.verdict.outcome)

    differs, proven = VerdictOutcome.DIFFERS, VerdictOutcome.PROVEN
    assert outcomes == [proven, differs, proven, differs]


def test_another_way_to_capture_captures_again() -> None:
    session = Session(request(frozenset(FUNCTIONS)))
    session.run()

    session.rerun(options=replace(session.request.options, training=True))

    assert session.report is not None
    assert "kept" not in session.report.passes[0].facts
    assert told(session.program, session.report) == told(*pipeline.run(request(frozenset(FUNCTIONS), training=True)))


def test_a_rerun_that_is_interrupted_leaves_what_was_known() -> None:
    interrupting = False

    def listen(event: Event) -> None:
        if interrupting and event.kind is EventKind.PASS_STARTED and event.subject == "translate":
            raise KeyboardInterrupt

    session = Session(request(), listen)
    report, program = session.run(), session.program
    interrupting = True

    with pytest.raises(KeyboardInterrupt):
        session.rerun(registry=registry(frozenset(FUNCTIONS)))

    assert (session.report, session.program) == (report, program)
    interrupting = False
    assert str(session.rerun(registry=registry(frozenset(FUNCTIONS)))) == "3 resolved, 1 remaining, 0 introduced"


def test_the_garbage_collector_is_as_it_was_after_a_rerun() -> None:
    session = Session(request())
    session.run()

    session.rerun(registry=registry(frozenset({"double"})))

    assert gc.isenabled()


def test_fixes_are_of_the_latest_run() -> None:
    session = Session(request())
    finding, *_ = session.run().findings

    fixed = session.fixes(finding)
    session.rerun(registry=registry(frozenset(FUNCTIONS)))

    assert fixed == finding
    with pytest.raises(LookupError):
        session.fixes(finding)


def test_an_export_that_nobody_reruns_keeps_nothing() -> None:
    program, _ = pipeline.run(request(frozenset(FUNCTIONS)))

    assert program is not None
    assert not program.draft.captured.memory.keeps
