"""The one line that says how the run is: under way, cancelled, ended, and what is to be done next."""

from __future__ import annotations

import time

from onnxdx_tui.workspace.bars import both_ends
from onnxdx_tui.workspace.line import Line, Span, fitted_spans, shown
from onnxdx_tui.workspace.opened import near
from onnxdx_tui.workspace.state import Phase, State

_BAR = 20


def strip_line(state: State, said: tuple[str, str], width: int) -> Line:
    """The strip; `said` is an answer to the last key, with its style, which goes before all else."""
    if said[0]:
        return Line(fitted_spans((Span(" "), Span(shown(said[0]), said[1])), width))
    run = state.run
    match run.phase:
        case Phase.IDLE:
            return Line(fitted_spans(_saved(state), width))
        case Phase.ENDED:
            return Line(fitted_spans((Span(f" run {run.number} ", "title"), Span(shown(run.said), run.style)), width))
        case Phase.CANCELLING:
            text = f"■ cancelling …  asked {time.monotonic() - run.asked:.1f} s ago"
            return Line(fitted_spans((Span(f" run {run.number} ", "title"), Span(text, "warning")), width))
        case Phase.TRYING:
            trying = run.step.startswith("fixes for")
            doing = f"▸ trying {shown(run.step)}" if trying else "▸ the model's code is ending"
            left = (Span(f" run {run.number} ", "title"), Span(doing, "accent"), _seconds(state))
            return both_ends(left, (Span("x ", "key"), Span("enough ")), width)
        case Phase.STARTING | Phase.RUNNING:
            return _under_way(state, width)


def _seconds(state: State) -> Span:
    return Span(f"  {time.monotonic() - state.run.started:.0f} s", "value")


def _under_way(state: State, width: int) -> Line:
    run = state.run
    filled = min(_BAR * run.done // 8, _BAR)
    left = (
        Span(f" run {run.number} ", "title"),
        Span(f"▸ {run.done}/8 ", "accent"),
        Span(f"{shown(run.step):<12} "),
        Span("━" * filled, "good"),
        Span("─" * (_BAR - filled), "dim"),
        _seconds(state),
        Span(f"  {shown(run.place)}" if run.place else "", "dim"),
    )
    return both_ends(left, (Span("x ", "key"), Span("cancel ")), width)


def _saved(state: State) -> tuple[Span, ...]:
    if state.opened is None:
        return (Span(f" {shown(state.problem)}", "error"),)
    report = state.opened.report
    spans = [Span(f" {report.seconds:.1f} s", "value"), Span(f"  {shown(near(state.opened.path))}", "dim")]
    if report.started:
        spans.append(Span(f"  {shown(report.started[:16].replace('T', ' '))}", "dim"))
    if state.graphs_pending:
        spans.append(Span("  reading the graphs …", "accent"))
    if state.opened.notices:
        spans.append(Span(f"  ! {shown(state.opened.notices[0])}", "warning"))
    return tuple(spans)
