"""The findings of a report with their fixes, for the terminal: numbered, the surest fix first, each with its diff."""

from __future__ import annotations

from rich.text import Text

from onnxdx_diagnostics.codec import shown_text
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import UNTRIED, Applicability, Fix
from onnxdx_diagnostics.remedies import Plan, is_proven
from onnxdx_diagnostics.render import (
    LEVEL_STYLES,
    detail,
    diff_lines,
    fix_label,
    gutter,
    headline,
    marked,
    place_lines,
    snippet_lines,
    tried_lines,
    wrapped,
)
from onnxdx_diagnostics.visible import visible

NO_FIX = "no change was found that makes it go away"


def fix_lines(number: int, finding: Finding, root: str, width: int) -> list[Text]:
    """One finding and what can be done, as lines of at most `width` cells."""
    lead = f"{number}. "
    lines = [Text(" " * len(lead)) + line for line in headline(finding, root, width - len(lead))]
    lines[0] = Text.assemble(lead, lines[0][len(lead) :])
    pad, site = gutter(finding.site), finding.site
    if site.location:
        lines += place_lines(site.location, root, width)
        lines += snippet_lines(site.location, width, LEVEL_STYLES[finding.level])
    if not any(fix.edits or fix.provider == UNTRIED for fix in finding.offered):
        lines += detail("no fix", marked(NO_FIX), pad, width)
    for fix in finding.ways():
        lines += detail(fix_label(fix), marked(shown_text(fix.title, root)), pad, width)
        lines += _text_lines(fix, root, pad, width)
        lines += tried_lines(fix, root, pad, width)
        lines += diff_lines(fix.diff, pad, width)
    return lines


def plan_lines(plan: Plan, root: str, width: int) -> list[Text]:
    """What is going to be applied, what waits and what has no fix, each in one line."""
    lines = [line for title in plan.titles for line in _line("apply", title, root, width)]
    for finding in plan.waiting:
        lines += _line("later", f"{finding.message()} Its fix changes what another one changes.", root, width)
    for finding in plan.unfixed:
        lines += _line("no fix", f"{finding.message().rstrip('.')}: {_why(finding)}.", root, width)
    return lines


def _why(finding: Finding) -> str:
    """Why no fix of a finding is applied."""
    if any(is_proven(fix) for fix in finding.offered):
        return "its fix changes files that are not the project's own"
    if any(fix.edits for fix in finding.offered):
        return "its fix is plausible, not proven"
    untried = next((fix.title for fix in finding.offered if fix.provider == UNTRIED), NO_FIX)
    return f"{untried[0].lower()}{untried[1:]}"


def _text_lines(fix: Fix, root: str, pad: int, width: int) -> list[Text]:
    """What there is to say of a fix for which there is no diff."""
    if fix.edits or not (fix.provider and fix.applicability is Applicability.MANUAL):
        return []
    indent = " " * (pad + 3)
    rows = [shown_text(row, root) for row in fix.text.splitlines() if row.strip()]
    return [line for row in rows for line in wrapped(marked(row), width, first=indent, rest=f"{indent}  ")]


def _line(name: str, text: str, root: str, width: int) -> list[Text]:
    return wrapped(marked(shown_text(text, root)), width, first=f"{visible(name)}: ", rest="  ", prefix_style="bold")
