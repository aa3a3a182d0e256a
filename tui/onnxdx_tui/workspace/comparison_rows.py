"""Two runs compared, and the runs that there are to compare with, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from onnxdx_diagnostics.codec import shown_text
from onnxdx_diagnostics.comparison import compare
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.report import Report
from onnxdx_tui.workspace.finding_rows import about
from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.opened import NoRun, open_run

_MOST = 30


def run_lines(folders: Sequence[Path]) -> list[Line]:
    """The latest runs; the key of a row is the folder."""
    lines = []
    for folder in folders[:_MOST]:
        try:
            report = open_run(folder).report
        except NoRun:
            continue
        outcome = Span("✓ exported", "good") if report.exported else Span("✗ failed  ", "error")
        number = f"  {report.count(Level.ERROR)} ERR {report.count(Level.WARNING)} WRN  "
        when = report.started[:16].replace("T", " ")
        lines.append(
            line(
                Span(f"{folder.name}  ", "title"),
                outcome,
                number,
                Span(f"{when}  {shown(report.target)}", "dim"),
                key=folder,
            )
        )
    return lines


def comparison_lines(before: Report, after: Report, width: int) -> list[Line]:
    """What became of the findings of `before`."""
    told = compare(before, after)
    lines = [line(Span(str(told), "title"))]
    groups = (
        ("resolved", told.resolved, "good"),
        ("introduced", told.introduced, "error"),
        ("not looked for before", told.revealed, "warning"),
        ("not looked for again", told.unchecked, "warning"),
        ("remaining", told.remaining, ""),
    )
    for title, findings, style in groups:
        if findings:
            lines += [line(" "), line(Span(title, "title"))]
            lines += [_line(each, after.root, style) for each in findings]
    return lines


def _line(finding: Finding, root: str, style: str) -> Line:
    what = f"{finding.id} {shown(about(finding))}"
    return line(Span(f"  {what:<32}", style), Span(f" {shown(shown_text(finding.message(), root))}", "dim"))
