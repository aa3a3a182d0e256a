"""Programs with faults after capture: each run names every fault, on its line, and none for the faults of others.

A program in `faults/` marks its lines with `# expect: DX301, DX601`; lines without a mark are fine, and a
program without any is proven. `# options: opset_version=18` asks for options.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from onnxdx import pipeline
from onnxdx.request import ExportOptions
from onnxdx.target import load
from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.report import VerdictOutcome

PROGRAMS = sorted((Path(__file__).parent / "faults").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_gives_exactly_the_marked_findings(program: Path) -> None:
    text = program.read_text(encoding="utf-8")

    _, report = pipeline.run(load(f"{program}:build", str(program.parent), options(text)))

    told = sorted((each.id, each.site.location.line if each.site.location else 0) for each in report.findings)
    assert told == marked(text), [each.message() for each in report.findings]
    errors = any(each.level is Level.ERROR for each in report.findings)
    assert not (errors and report.verdict.outcome is VerdictOutcome.PROVEN)
    assert told or report.verdict.outcome is VerdictOutcome.PROVEN, report.verdict.reason


def options(text: str) -> ExportOptions:
    """What a line `# options: opset_version=18` asks for."""
    asked = re.search(r"^# options: (\w+)=(.+)$", text, re.MULTILINE)
    return ExportOptions(**{asked[1]: ast.literal_eval(asked[2])}) if asked else ExportOptions()


def marked(text: str) -> list[tuple[str, int]]:
    """What the comments ask for: each id as often as it is written, and its line."""
    marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in enumerate(text.splitlines(), 1))
    return sorted((rule, number) for number, mark in marks if mark for rule in re.findall(r"DX\d{3}", mark[1]))
