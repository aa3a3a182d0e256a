"""Fixes of a run that was opened: shown before they are written, refused when they do not fit, undone byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from onnxdx_diagnostics.edits import diff_of
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import REPORT
from onnxdx_tui.workspace.app import Workspace

Screen = Callable[..., str]
TEXT = "import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n"


def offer(folder: Path, *fixes: Fix) -> None:
    """Have the first finding of a run offer fixes."""
    report = Report.load(folder / REPORT)
    findings = [replace(each, offered=fixes) if each.id == "DX301" else each for each in report.findings]
    replace(report, findings=tuple(findings)).save(folder / REPORT)


def new_file(root: Path, applicability: Applicability = Applicability.PROVEN) -> Fix:
    """A fix that makes a registry file."""
    edit = Edit("onnxdx_registry.py", 1, 1, 1, 1, TEXT)
    diff = diff_of({}, {"onnxdx_registry.py": TEXT})
    return Fix("Add an ONNX function", applicability, diff=diff, edits=(edit,), provider="operators")


def press(app: Workspace, *keys: str) -> None:
    """Press keys and let each do its work."""

    async def pressed() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            while not app.settled:
                await asyncio.sleep(0.01)
            for key in keys:
                await pilot.press(key)
                while not app.settled:
                    await asyncio.sleep(0.01)

    asyncio.run(pressed())


def test_a_fix_is_shown_before_it_is_written(failing: Path, screen: Screen) -> None:
    offer(failing, new_file(failing.parent))

    text = screen(Workspace(failing, root=failing.parent), "a")

    assert "+registry = onnxdx.OnnxRegistry()" in text
    assert "proven   writes onnxdx_registry.py" in text
    assert "onnxdx fix run/run.json --finding DX301@7 --apply" in text
    assert not (failing.parent / "onnxdx_registry.py").exists()


def test_a_fix_is_written_undone_and_written_again(failing: Path) -> None:
    offer(failing, new_file(failing.parent))
    file = failing.parent / "onnxdx_registry.py"

    press(Workspace(failing, root=failing.parent), "a", "enter")
    assert file.read_text() == TEXT
    file.unlink()

    press(Workspace(failing, root=failing.parent), "a", "enter", "u")
    assert not file.exists()

    press(Workspace(failing, root=failing.parent), "a", "enter", "u", "U")
    assert file.read_text() == TEXT


def test_what_does_not_fit_any_more_is_refused_with_the_reason(failing: Path, screen: Screen) -> None:
    offer(failing, new_file(failing.parent))
    file = failing.parent / "onnxdx_registry.py"
    file.write_text("# mine\n")

    text = screen(Workspace(failing, root=failing.parent), "a")

    assert "Nothing was changed" in text
    assert "not what they were" in " ".join(text.split())
    assert file.read_text() == "# mine\n"


def test_a_fix_that_leads_out_of_the_project_is_refused(failing: Path, screen: Screen) -> None:
    edit = Edit("../elsewhere.py", 1, 1, 1, 1, TEXT)
    offer(failing, Fix("Out", Applicability.PROVEN, diff="x", edits=(edit,), provider="operators"))

    text = screen(Workspace(failing, root=failing.parent), "a")

    assert "Nothing was changed" in text
    assert not (failing.parent.parent / "elsewhere.py").exists()


def test_a_plausible_fix_says_that_it_is_not_proven(failing: Path, screen: Screen) -> None:
    offer(failing, new_file(failing.parent, Applicability.PLAUSIBLE))

    text = screen(Workspace(failing, root=failing.parent), "a")

    assert "plausible: the numbers are not proven" in text


@pytest.mark.parametrize("key", ["a", "u", "U", "r"])
def test_read_only_writes_nothing_and_says_so(key: str, failing: Path, screen: Screen) -> None:
    offer(failing, new_file(failing.parent))
    before = sorted(path for path in failing.parent.rglob("*"))

    text = screen(Workspace(failing, root=failing.parent, read_only=True), key, "enter")

    assert sorted(path for path in failing.parent.rglob("*")) == before
    assert "read-only" in text


def test_what_became_of_findings_since_an_earlier_run(failing: Path, screen: Screen) -> None:
    later = failing.parent / "run2"
    later.mkdir()
    report = Report.load(failing / REPORT)
    replace(report, findings=report.findings[:2]).save(later / REPORT)

    text = screen(Workspace(later), "d", "enter")

    assert "1 resolved, 2 remaining, 0 introduced" in text
