"""Fixes that are proven on the corpus: applied to the file itself, the finding is gone from the next run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from corpus import HERE, Program, tell
from fixes import Row, summary, table

from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.fix import Applicability, Fix

FEWEST_KINDS = 18


@pytest.mark.slow
def test_proven_fixes_hold_when_they_are_applied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = list(table())

    first: dict[str, tuple[Row, Fix]] = {}
    for row in found:
        if row.fix is not None and row.fix.applicability is Applicability.PROVEN:
            first.setdefault(row.fix.provider, (row, row.fix))
    with capsys.disabled():
        print("", *found, summary(found), sep="\n")

    assert len(first) >= FEWEST_KINDS
    for number, (row, fix) in enumerate(first.values()):
        assert _still_there(row, fix, tmp_path / str(number)) == [], (row.program, fix.diff)


def _still_there(row: Row, fix: Fix, folder: Path) -> list[str]:
    """What a process of its own still says like the finding, of a file in which the fix is applied."""
    folder.mkdir()
    program = Program(HERE / f"{row.program}.py")
    edits = [replace(edit, path="program") for edit in fix.edits]
    path = folder / f"{row.program}.py"
    path.write_text(edited(edits, {"program": program.text})["program"] + COMMAND, encoding="utf-8")
    (folder / "run").mkdir()
    report = tell(Program(path), folder / "run").report
    said = [each.message() for each in report.findings if each.id == row.finding.id]
    return [message for message in said if message == row.finding.message()]


COMMAND = "\n# runs: onnxdx export {program}:build\n"
