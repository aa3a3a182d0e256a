"""The findings of a run as rows: grouped, filtered, each with what it is about; and the card of one finding."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.codec import shown_path, shown_text
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Applicability
from onnxdx_diagnostics.report import Report
from onnxdx_tui.workspace.line import SIGNS, Line, Span, fitted_spans, line, shown, wrapped
from onnxdx_tui.workspace.search import Filter


class Grouping(enum.Enum):
    """By what findings are grouped."""

    SEVERITY = "severity"
    RULE = "rule"
    PASS = "pass"
    MODULE = "module"

    @property
    def next(self) -> Grouping:
        """The grouping after this one."""
        every = list(Grouping)
        return every[(every.index(self) + 1) % len(every)]


_KEYS: dict[Grouping, Callable[[Finding], str]] = {
    Grouping.SEVERITY: lambda finding: "",
    Grouping.RULE: lambda finding: f"{finding.id} {finding.name}",
    Grouping.PASS: lambda finding: catalog.stage(finding.id),
    Grouping.MODULE: lambda finding: shown(finding.site.module) or "(the model itself)",
}


def ordered(findings: Sequence[Finding], grouping: Grouping) -> list[int]:
    """The positions of the findings in the order of their rows: errors first, equal ones as they were found."""
    positions = sorted(range(len(findings)), key=lambda at: -findings[at].level.rank)
    if grouping is Grouping.SEVERITY:
        return positions
    key = _KEYS[grouping]
    groups = dict.fromkeys(key(findings[at]) for at in positions)
    return [at for group in groups for at in positions if key(findings[at]) == group]


def finding_lines(report: Report, grouping: Grouping, wanted: Filter) -> list[Line]:
    """The rows of the findings that a filter lets through; the key of a row is the position of its finding."""
    lines: list[Line] = []
    group = ""
    for at in ordered(report.findings, grouping):
        finding = report.findings[at]
        row = _line(finding, at)
        if not wanted.admits(f"{row.text} {shown(finding.message())}"):
            continue
        of_it = _KEYS[grouping](finding)
        if of_it != group:
            group = of_it
            lines.append(line(Span(group, "title")))
        lines.append(row)
    return lines


def _line(finding: Finding, at: int) -> Line:
    sign, style = SIGNS[finding.level]
    times = f" ×{finding.site.occurrences}" if finding.site.occurrences > 1 else ""
    return line(
        Span(f"{sign} ", style),
        Span(f"{finding.id} ", "bold"),
        Span(f"{shown(about(finding))}{times}  " if about(finding) else ""),
        Span("✓ fix  " if has_proven_fix(finding) else "", "good"),
        Span(finding.name, "dim"),
        key=at,
    )


def has_proven_fix(finding: Finding) -> bool:
    """Whether a fix can be applied to files that is known to work."""
    return any(fix.applicability is Applicability.PROVEN and fix.edits for fix in finding.offered)


def about(finding: Finding) -> str:
    """What a finding is about, in a word: the node, else the line."""
    site = finding.site
    if site.fx_node:
        return site.fx_node
    return f"{site.location.path.rpartition('/')[2]}:{site.location.line}" if site.location else ""


def counts(report: Report) -> list[Span]:
    """How many findings there are of each level."""
    spans = []
    for level in reversed(Level):
        number = report.count(level)
        if number:
            sign, style = SIGNS[level]
            spans.append(Span(f"{number} {sign.split(' ')[1]}  ", style))
    return spans


def card(finding: Finding, root: str, width: int, most: int) -> list[Line]:
    """One finding in at most so many lines: what it is, where, on which values."""
    sign, style = SIGNS[finding.level]
    site = finding.site
    lines = [line(Span(f"{sign} {finding.id} ", style), Span(finding.name, "title"), Span(_times(finding), "dim"))]
    lines += [
        line(Span("     " if row else "why  ", "dim"), text)
        for row, text in enumerate(wrapped(shown(shown_text(finding.message(), root)), width - 5, 2))
    ]
    if site.location:
        place = f"{shown(shown_path(site.location.path, root))}:{site.location.line}"
        code = shown(site.location.snippet.split("\n")[0].strip())
        lines.append(line(Span("at   ", "dim"), Span(place, "accent"), f"  {code}"))
    elif site.module:
        lines.append(
            line(Span("at   ", "dim"), Span(f"module {shown(site.module)}", "accent"), "  no source line is known")
        )
    else:
        lines.append(line(Span("at   ", "dim"), "no source line is known: the finding is about the model as a whole"))
    if site.values:
        lines.append(line(Span("in   ", "dim"), Span("  ".join(map(shown, site.values)), "value")))
    if site.stand_in:
        lines.append(line(Span("seen ", "dim"), shown(shown_text(site.stand_in, root))))
    return [Line(fitted_spans(each.spans, width)) for each in lines[:most]]


def _times(finding: Finding) -> str:
    site = finding.site
    module = f"  in {shown(site.module)}" if site.module else ""
    if site.occurrences > 1:
        places = len(site.modules)
        return f"{module}  {site.occurrences} times" + (f", in {places} modules" if places > 1 else "")
    return module
