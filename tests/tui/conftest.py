"""The app as tests use it: runs made by hand, keys pressed, and the screen as text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.finding import Finding, Frame, Location, Site
from onnxdx_diagnostics.graphs import Edge, Graphs, Node, ProgramGraph, Stage, Status
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, Verdict, VerdictOutcome
from onnxdx_diagnostics.rules.dx203_decomposition_dead_end import DecompositionDeadEnd
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rules.dx310_function_unused import FunctionUnused
from onnxdx_diagnostics.rundir import RunDirectory
from onnxdx_tui.workspace.app import Workspace

MODEL = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        x = self.encoder(x)
        y = torch.special.i1(x)
        z = torch.linalg.svdvals(x)
        return torch.relu(y), z
"""
PASSES = ("capture", "decompose", "dispatch", "functions", "translate", "optimize", "validate", "verify")


def dump(app: Workspace) -> str:
    """What stands on the screen, as text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips()) + "\n"


async def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition, not for a time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.01)


async def settle(app: Workspace) -> str:
    """The screen when nothing moves on it any more."""
    before = ""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        await until(lambda: app.settled, "the app to come to rest")
        await asyncio.sleep(0.03)
        now = dump(app)
        if app.settled and now == before:
            return now
        before = now
    raise AssertionError("the screen does not come to rest")


@pytest.fixture
def screen() -> Callable[..., str]:
    """The screen of an app after some keys, as text."""

    def shown(app: Workspace, *keys: str, size: tuple[int, int] = (120, 36)) -> str:
        async def pressed() -> str:
            async with app.run_test(size=size) as pilot:
                await settle(app)
                for key in keys:
                    await pilot.press(key)
                    await until(lambda: app.settled, "the app to come to rest")
                return await settle(app)

        return asyncio.run(pressed())

    return shown


@pytest.fixture
def settled() -> Callable[[Workspace], Awaitable[str]]:
    """Waits until nothing moves on the screen of an app any more; the screen, as text."""
    return settle


@pytest.fixture
def screens() -> Callable[..., list[str]]:
    """The screens of one app after each group of keys."""

    def shown(app: Workspace, *groups: tuple[str, ...], size: tuple[int, int] = (120, 36)) -> list[str]:
        async def pressed() -> list[str]:
            seen = []
            async with app.run_test(size=size) as pilot:
                await settle(app)
                for keys in groups:
                    for key in keys:
                        await pilot.press(key)
                        await until(lambda: app.settled, "the app to come to rest")
                    seen.append(await settle(app))
            return seen

        return asyncio.run(pressed())

    return shown


@dataclass
class Drawn:
    """A graph under construction: each row is name, operator, operands, and what else there is to say."""

    stage: Stage
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def add(self, name: str, op: str, *operands: str, status: Status = Status.PLACED, **said: object) -> Drawn:
        """One more node."""
        at = {node.name: number for number, node in enumerate(self.nodes)}
        self.edges += [Edge(at[operand], len(self.nodes), number) for number, operand in enumerate(operands)]
        self.nodes.append(Node(name, op, status, **said))  # type: ignore[arg-type]
        return self

    def done(self) -> ProgramGraph:
        """The graph."""
        return ProgramGraph(self.stage, tuple(self.nodes), tuple(self.edges))


def same(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes of the next stage when nothing became of them."""
    return tuple(node._replace(origins=(node.name,)) for node in nodes)


def failing_graphs() -> Graphs:
    """An encoder of 20 layers, then two operators that ONNX lacks."""
    fx = Drawn(Stage.CAPTURED).add("x", "placeholder", status=Status.SOURCE, value="f32[2, 8]")
    onnx = Drawn(Stage.ONNX).add("x", "input", status=Status.SOURCE, value="f32[2, 8]", origins=("x",))
    before, above = "x", "x"
    for layer in range(20):
        said = {"module": f"encoder.{layer}", "path": "model.py", "line": 6}
        name = f"linear_{layer}" if layer else "linear"
        fx.add(name, "aten.linear.default", before, value="f32[2, 8]", **said)
        onnx.add(f"encoder.{layer}/{name}", "Gemm", above, value="f32[2, 8]", origins=(name,), **said)
        before, above = name, f"encoder.{layer}/{name}"
    missing = Status.PLACEHOLDER
    fx.add("special_i1", "aten.special_i1.default", before, status=missing, value="f32[2, 8]", findings=("DX301",),
           path="model.py", line=7)  # fmt: skip
    fx.add("svd", "aten.linalg_svdvals.default", before, status=missing, value="f32[2]", findings=("DX203",),
           path="model.py", line=8)  # fmt: skip
    fx.add("relu", "aten.relu.default", "special_i1", value="f32[2, 8]", path="model.py", line=9)
    fx.add("output", "output", "relu", "svd", status=Status.RESULT)
    onnx.add("special_i1", "aten.special_i1.default", above, status=missing, value="f32[2, 8]", origins=("special_i1",))
    onnx.add("svd", "aten.linalg_svdvals.default", above, status=missing, value="f32[2]", origins=("svd",))
    onnx.add("relu", "Relu", "special_i1", value="f32[2, 8]", origins=("relu",))
    onnx.add("output_0", "output", "relu", status=Status.RESULT, value="f32[2, 8]")
    onnx.add("output_1", "output", "svd", status=Status.RESULT, value="f32[2]")
    captured = fx.done()
    decomposed = ProgramGraph(Stage.DECOMPOSED, same(captured.nodes), captured.edges)
    return Graphs((captured, decomposed, onnx.done()))


def site(line: int, start: int, end: int, node: str, op: str) -> Site:
    """A site in the model of these tests."""
    snippet = MODEL.splitlines()[line - 1]
    place = Location("model.py", line, start, line, end, snippet)
    return Site(place, (Frame(place, "forward"),), "encoder" if line == 6 else "", "Net", node, op, ("x: f32[2, 8]",))


def failing_findings() -> tuple[Finding, ...]:
    """Two errors and a warning."""
    return (
        FunctionUnused(Site(), "mylib::twist", "torch has no such operator"),
        NoOnnxFunction(site(7, 13, 32, "special_i1", "aten.special_i1.default"), "aten.special_i1.default", ()),
        DecompositionDeadEnd(
            site(8, 13, 36, "svd", "aten.linalg_svdvals.default"), "aten.linalg_svdvals.default", ("aten._svd.default",)
        ),
    )


def report_of(findings: tuple[Finding, ...], *, exported: bool, verdict: Verdict) -> Report:
    """A report with all passes."""
    outcome = Outcome.PASSED if exported else Outcome.RECOVERED
    passes = tuple(PassRecord(name, outcome, 0.25, {"nodes": 24}) for name in PASSES)
    return Report(
        "model.py:build", exported, findings, passes, verdict, "", {"torch": "2.13.0"}, "2026-01-02T03:04:05", 2
    )


def events_of(report: Report) -> list[Event]:
    """What happened in the run of a report."""
    events = [Event(EventKind.RUN_STARTED, report.target, 100.0)]
    for number, record in enumerate(report.passes):
        events.append(Event(EventKind.PASS_STARTED, record.name, 100.0 + number))
        if record.name == "dispatch":
            events += [
                Event(EventKind.FINDING, each.id, 100.5 + number, {"message": each.message()}, each)
                for each in report.findings
            ]
        events.append(
            Event(EventKind.PASS_ENDED, record.name, 100.9 + number, {"outcome": record.outcome.value, "seconds": 0.9})
        )
    return [*events, Event(EventKind.RUN_ENDED, report.target, 110.0)]


def write_run(folder: Path, report: Report, graphs: Graphs | None) -> Path:
    """A run folder as an export leaves it."""
    run = RunDirectory(folder)
    for event in events_of(report):
        run.listener(event)
    run.finish(report, graphs)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a model, which is also the working directory."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def failing(project: Path) -> Path:
    """The folder of a run that failed."""
    verdict = Verdict(VerdictOutcome.NOT_RUN, "the export has errors")
    return write_run(project / "run", report_of(failing_findings(), exported=False, verdict=verdict), failing_graphs())


@pytest.fixture
def clean(project: Path) -> Path:
    """The folder of a run without findings."""
    trials = (
        Trial({}, VerdictOutcome.PROVEN, 1.5e-6, 2e-6),
        Trial({"batch": 5}, VerdictOutcome.PROVEN, 2.5e-6, 3e-6),
    )
    report = report_of((), exported=True, verdict=Verdict(VerdictOutcome.PROVEN, "", trials))
    graphs = failing_graphs()
    plain = {Status.PLACEHOLDER: Status.PLACED}
    stages = tuple(
        ProgramGraph(
            graph.stage,
            tuple(node._replace(status=plain.get(node.status, node.status), findings=()) for node in graph.nodes),
            graph.edges,
        )
        for graph in graphs.stages
    )
    return write_run(project / "run", report, Graphs(stages))
