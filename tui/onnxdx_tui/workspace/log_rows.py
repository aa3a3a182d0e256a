"""What happened in a run, in order: its passes, what they found, and what the user's code printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_tui.workspace.line import SIGNS, Line, Span, line, shown

_WORDS = (("error", "error"), ("traceback", "error"), ("exception", "error"), ("warning", "warning"))


def event_lines(events: Sequence[Event]) -> Iterator[Line]:
    """One line for each event that says something; places in the user's code are left out."""
    start = events[0].time if events else 0.0
    for event in events:
        time = Span(f"{event.time - start:>7.2f} s  ", "dim")
        subject = shown(event.subject)
        match event.kind:
            case EventKind.RUN_STARTED:
                yield line(time, Span(f"run of {subject}", "title"))
            case EventKind.STEP_STARTED:
                yield line(time, subject)
            case EventKind.PASS_STARTED:
                yield line(time, Span("▸ ", "accent"), subject)
            case EventKind.PASS_ENDED:
                outcome = str(event.facts.get("outcome", ""))
                style = {"passed": "good", "recovered": "warning", "failed": "error"}.get(outcome, "dim")
                yield line(time, Span("■ ", "accent"), f"{subject} ", Span(shown(outcome), style))
                for text in str(event.facts.get("traceback", "")).splitlines():
                    yield line("            ", Span(shown(text), "dim"))
            case EventKind.FINDING:
                sign, style = SIGNS[event.finding.level] if event.finding else ("·", "dim")
                message = shown(str(event.facts.get("message", "")))
                yield line(time, Span(f"{sign} {subject} ", style), message, key=event.finding)
            case EventKind.PROMPT:
                yield line(time, Span(f"waits at a debugger's prompt: {subject}", "warning"))
            case EventKind.RUN_ENDED:
                yield line(time, Span("run ended", "title"))
            case _:
                continue


def printed_lines(texts: Sequence[str]) -> Iterator[Line]:
    """What the user's code printed; lines that speak of errors and warnings stand out."""
    for text in texts:
        lowered = text[:400].lower()
        style = next((style for word, style in _WORDS if word in lowered), "")
        yield line(Span(shown(text), style))
