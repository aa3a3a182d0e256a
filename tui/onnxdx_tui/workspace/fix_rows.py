"""The ways out of one finding as rows, best first, and one of them in full."""

from __future__ import annotations

from onnxdx_diagnostics.codec import shown_text
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Applicability, Fix
from onnxdx_diagnostics.visible import visible_lines
from onnxdx_tui.workspace.line import Line, Span, line, shown, wrapped

_STYLES = {Applicability.PROVEN: "good", Applicability.PLAUSIBLE: "warning", Applicability.MANUAL: "dim"}
_DIFF_STYLES = {"+": "add", "-": "remove", "@": "accent"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


UNTRIED = "none"
"""The provider of what says that no fix was tried."""


def fix_lines(finding: Finding, root: str, *, trying: bool = False) -> list[Line]:
    """One row for each way; the key of a row is the way's position. While fixes are `trying`, that is said."""
    return [
        line(Span(f"{_letter(at)} ", "key"), Span("…         ", "dim"), Span("fixes are being tried", "dim"), key=at)
        if trying and fix.provider == UNTRIED
        else line(
            Span(f"{_letter(at)} ", "key"),
            Span(f"{fix.applicability.value.upper():<9} ", _STYLES[fix.applicability]),
            shown(shown_text(fix.title, root)).replace("`", ""),
            key=at,
        )
        for at, fix in enumerate(finding.ways())
    ]


def _letter(at: int) -> str:
    return LETTERS[at] if at < len(LETTERS) else "·"


def fix_story(fix: Fix, root: str, width: int) -> list[Line]:
    """A way in full: what it is, how far it was tried, and the change as a diff."""
    lines = [line(Span(text, "title")) for text in wrapped(shown(shown_text(fix.title, root)), width)]
    standing = f"{fix.applicability.value}: "
    first, *more = wrapped(f"{standing}{_tried(fix)}", width)
    lines.append(line(Span(standing, _STYLES[fix.applicability]), first[len(standing) :]))
    lines += map(line, more)
    for lead, text in (("tried", fix.proof), ("not tried", fix.unproven)):
        if text:
            lines += [
                line(Span(f"{lead}  " if not row else " " * (len(lead) + 2), "dim"), part)
                for row, part in enumerate(wrapped(shown(shown_text(text, root)), width - len(lead) - 2))
            ]
    if fix.text:
        lines.append(line(" "))
        lines += [line(part) for text in visible_lines(shown_text(fix.text, root)) for part in wrapped(text, width)]
    if fix.diff:
        lines.append(line(" "))
        lines += diff_lines(fix.diff)
    return lines


def _tried(fix: Fix) -> str:
    match fix.applicability:
        case Applicability.PROVEN:
            return "it was applied, exported again, and the numbers agree with eager"
        case Applicability.PLAUSIBLE:
            return "it applies and exports; its numbers are not proven"
        case Applicability.MANUAL:
            return "advice to follow by hand; nothing can be applied"


def diff_lines(diff: str) -> list[Line]:
    """A unified diff, line by line."""
    return [
        line(Span(text, "dim" if text.startswith(("+++", "---")) else _DIFF_STYLES.get(text[:1], "")))
        for text in visible_lines(diff)
    ]
