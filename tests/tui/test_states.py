"""The states that a run goes through, as text, at the two sizes that a terminal has most often."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onnxdx_diagnostics.edits import diff_of
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Report, Verdict, VerdictOutcome
from onnxdx_diagnostics.rundir import REPORT
from onnxdx_tui.workspace.app import Workspace
from onnxdx_tui.workspace.state import Pane, Phase, Run

Golden = Callable[[str, str], None]
Settled = Callable[[Workspace], Awaitable[str]]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
TEXT = "import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n"
DEAD = "⚠ The process of the export is ended by SIGSEGV.   8 log   r runs again"

RUNS = {
    "starting": Run(Phase.STARTING, 4, "start"),
    "under-way": Run(Phase.RUNNING, 4, "translate", done=4, place="model.py:7"),
    "trying-fixes": Run(Phase.TRYING, 4, "fixes for DX301@7", done=8),
    "cancelling": Run(Phase.CANCELLING, 4, "verify", done=7),
    "cancelled": Run(Phase.ENDED, 4, said="■ cancelled after 3.2 s   r runs again", style="warning"),
    "worker-died": Run(Phase.ENDED, 4, said=DEAD, style="error"),
    "compared": Run(
        Phase.ENDED, 4, said="✓ exported and proven in 3.2 s   1 resolved, 2 remaining, 0 introduced", style="good"
    ),
}


def shown(app: Workspace, size: tuple[int, int], settled: Settled, act: Callable[[Any], Awaitable[None]]) -> str:
    """The screen after something was done; times that pass are left out."""

    async def played() -> str:
        async with app.run_test(size=size) as pilot:
            await settled(app)
            await act(pilot)
            return re.sub(r"\d+(\.\d)? s( ago)?(?=  | *\n)", r"0 s\2", await settled(app))

    return asyncio.run(played())


def keys(*pressed: str) -> Callable[[Any], Awaitable[None]]:
    async def act(pilot: Any) -> None:
        for key in pressed:
            await pilot.press(key)
            await asyncio.sleep(0)

    return act


@SIZES
@pytest.mark.parametrize("name", RUNS)
def test_a_run(name: str, size: tuple[int, int], failing: Path, settled: Settled, golden: Golden) -> None:
    app = Workspace(failing)

    async def act(pilot: Any) -> None:
        now = time.monotonic()
        app.update(target="model.py:build", run=replace(RUNS[name], started=now, asked=now))

    golden(f"run-{name}-{size[0]}x{size[1]}.txt", shown(app, size, settled, act))


@SIZES
def test_a_first_run_that_has_found_nothing_yet(size: tuple[int, int], settled: Settled, golden: Golden) -> None:
    app = Workspace()

    async def act(pilot: Any) -> None:
        app.update(target="model.py:build", run=replace(RUNS["under-way"], started=time.monotonic()))
        app.go_to(Pane.MAIN)

    golden(f"run-first-{size[0]}x{size[1]}.txt", shown(app, size, settled, act))


@SIZES
def test_graphs_that_are_still_being_read(
    size: tuple[int, int], failing: Path, settled: Settled, golden: Golden
) -> None:
    (failing / "graphs.json").unlink()
    app = Workspace(failing)

    async def act(pilot: Any) -> None:
        app.update(graphs_pending=True)
        app.go_to(Pane.MAIN)

    golden(f"reading-{size[0]}x{size[1]}.txt", shown(app, size, settled, act))


@SIZES
def test_a_path_that_holds_no_run(size: tuple[int, int], project: Path, settled: Settled, golden: Golden) -> None:
    Path("empty").mkdir()

    golden(f"no-run-{size[0]}x{size[1]}.txt", shown(Workspace(Path("empty")), size, settled, keys("0")))


@SIZES
def test_values_that_differ(size: tuple[int, int], clean: Path, settled: Settled, golden: Golden) -> None:
    report = Report.load(clean / REPORT)
    (first, second) = report.verdict.trials
    trials = (first, replace(second, outcome=VerdictOutcome.DIFFERS, max_abs=0.5, max_rel=0.25))
    replace(report, verdict=Verdict(VerdictOutcome.DIFFERS, "one output differs", trials)).save(clean / REPORT)

    golden(f"differs-{size[0]}x{size[1]}.txt", shown(Workspace(clean), size, settled, keys("7", "0")))


def with_a_fix(folder: Path) -> Path:
    """A run whose first finding has a proven fix."""
    edit = Edit("onnxdx_registry.py", 1, 1, 1, 1, TEXT)
    fix = Fix(
        "Add an ONNX function",
        Applicability.PROVEN,
        diff=diff_of({}, {"onnxdx_registry.py": TEXT}),
        edits=(edit,),
        provider="operators",
    )
    report = Report.load(folder / REPORT)
    findings = [replace(each, offered=(fix,)) if each.id == "DX301" else each for each in report.findings]
    replace(report, findings=tuple(findings)).save(folder / REPORT)
    return folder


@SIZES
@pytest.mark.parametrize(
    ("name", "pressed"),
    [
        ("fix-known", ()),
        ("apply-asked", ("a",)),
        ("applied", ("a", "enter")),
        ("undone", ("a", "enter", "u")),
    ],
)
def test_a_fix(
    name: str, pressed: tuple[str, ...], size: tuple[int, int], failing: Path, settled: Settled, golden: Golden
) -> None:
    app = Workspace(with_a_fix(failing), root=failing.parent)

    golden(f"{name}-{size[0]}x{size[1]}.txt", shown(app, size, settled, keys(*pressed)))


@SIZES
def test_a_fix_that_is_refused(size: tuple[int, int], failing: Path, settled: Settled, golden: Golden) -> None:
    Path("onnxdx_registry.py").write_text("# mine\n")
    app = Workspace(with_a_fix(failing), root=failing.parent)

    golden(f"apply-refused-{size[0]}x{size[1]}.txt", shown(app, size, settled, keys("a")))


@SIZES
def test_a_run_that_is_for_looking_only(size: tuple[int, int], failing: Path, settled: Settled, golden: Golden) -> None:
    app = Workspace(with_a_fix(failing), root=failing.parent, read_only=True)

    golden(f"read-only-{size[0]}x{size[1]}.txt", shown(app, size, settled, keys("a")))


@SIZES
def test_quitting_while_something_runs(size: tuple[int, int], failing: Path, settled: Settled, golden: Golden) -> None:
    app = Workspace(failing)

    async def act(pilot: Any) -> None:
        app.update(target="model.py:build", run=replace(RUNS["under-way"], started=time.monotonic()))
        await pilot.press("q")

    golden(f"quit-asked-{size[0]}x{size[1]}.txt", shown(app, size, settled, act))


def test_apply_is_found_by_what_the_screen_says(failing: Path, settled: Settled) -> None:
    app = Workspace(with_a_fix(failing), root=failing.parent)
    pressed: list[str] = []

    async def act(pilot: Any) -> None:
        for wanted in ("apply", "apply"):
            key = re.search(rf"(\S+) {wanted}\b", (await settled(app)).replace("↵", "enter"))
            assert key is not None
            pressed.append(key[1])
            await pilot.press(key[1])

    shown(app, (80, 24), settled, act)

    assert pressed == ["a", "enter"]
    assert Path("onnxdx_registry.py").read_text() == TEXT
