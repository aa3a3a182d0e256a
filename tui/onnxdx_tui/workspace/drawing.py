"""From the state to the widgets: which pane shows what. Only what depends on a change is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from onnxdx_diagnostics.report import VerdictOutcome
from onnxdx_tui.workspace.bars import Bar, both_ends, kept
from onnxdx_tui.workspace.commands import COMMANDS, shown_key
from onnxdx_tui.workspace.finding_rows import about, card, counts, finding_lines
from onnxdx_tui.workspace.fix_rows import fix_lines
from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.line_list import Fixed, saying
from onnxdx_tui.workspace.main_view import main_view, shown_inline
from onnxdx_tui.workspace.module_rows import module_lines
from onnxdx_tui.workspace.run_strip import strip_line
from onnxdx_tui.workspace.state import Pane, Phase, State, Tab

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace

_CARD_LINES = 6


def draw_top(app: Workspace) -> None:
    """The line of the target: how it ended and what was found; on a narrow screen the way that led here."""
    state, bar = app.state, app.query_one("#top", Bar)
    if state.narrow:
        bar.show([both_ends(_crumbs(state), _outcome(state)[:1], bar.size.width)])
        return
    opened = state.opened
    target = shown(opened.report.target if opened else state.target)
    left = [Span(" onnxdx  ", "key"), Span(target, "title"), Span("   ")]
    left += [*_outcome(state), Span("   "), *(counts(opened.report) if opened else ())]
    torch = opened.report.environment.get("torch", "") if opened else ""
    right = [
        Span(f"torch {shown(torch)} " if torch else "", "dim"),
        Span("read-only " if state.read_only else "", "warning"),
    ]
    bar.show([both_ends(left, right, bar.size.width)])


def _crumbs(state: State) -> list[Span]:
    crumbs = ["onnxdx", "Findings"] if state.pane is not Pane.MODULES else ["onnxdx", "Modules"]
    finding = state.selected
    if finding is not None and state.pane in (Pane.MAIN, Pane.FIXES):
        crumbs.append(f"{finding.id} {shown(about(finding))}")
    if state.pane is Pane.FIXES:
        crumbs.append("Fixes")
    if state.pane is Pane.MAIN:
        crumbs.append(state.tab.value)
    return [Span(f" {' › '.join(crumbs)}", "title")]


def _outcome(state: State) -> list[Span]:
    if state.opened is None:
        return [Span("! not opened" if state.problem else "", "error")]
    report = state.opened.report
    if not report.exported:
        stopped = next((record.name for record in report.passes if record.outcome.value == "failed"), "")
        return [Span("✗ failed", "error"), Span(f" at {shown(stopped)}" if stopped else "", "error")]
    match report.verdict.outcome:
        case VerdictOutcome.PROVEN:
            return [Span("✓ exported, proven", "good")]
        case VerdictOutcome.DIFFERS:
            return [Span("≠ exported, values differ", "error")]
        case VerdictOutcome.NOT_RUN:
            return [Span("≈ exported, not verified", "warning")]


def draw_findings(app: Workspace) -> None:
    """The rows of the findings."""
    state, pane = app.state, app.pane(Pane.FINDINGS)
    grouped = "" if state.grouping.value == "severity" else f" by {state.grouping.value}"
    title = f"1 Findings{grouped}"
    if state.opened is None:
        running = ("Exporting …", "", "What is found is shown", "as soon as it is.")
        pane.list.show(saying(*running) if state.run.active else saying("" if state.problem else "…"))
        pane.title(title)
        return
    wanted = state.filter(Pane.FINDINGS)
    total = len(state.opened.report.findings)
    lines = finding_lines(state.opened.report, state.grouping, wanted)
    if not total:
        pane.list.show(_no_findings(state))
        pane.title(title, "0 findings")
        return
    if not lines:
        pane.list.show(saying(f"0 of {total}", "esc clears the filter"))
    else:
        row = next((at for at, each in enumerate(lines) if each.key == state.finding), pane.list.cursor)
        pane.list.show(Fixed(lines), row)
    found = sum(each.key is not None for each in lines)
    at = sum(each.key is not None for each in lines[: pane.list.cursor + 1])
    shown_filter = f"/{shown(wanted.text)}" if wanted.text else "/ filter"
    pane.title(title, f"{at}/{found}  {shown_filter}")


def _no_findings(state: State) -> Fixed:
    assert state.opened is not None
    report = state.opened.report
    if not report.exported:
        return saying("No finding, and no model:", "8 Log tells how far the run came")
    worst = max((trial.max_abs for trial in report.verdict.trials), default=None)
    numbers = f"max |Δ| {worst:.1e}" if worst is not None else shown(report.verdict.reason)
    return Fixed(
        [
            line(Span("✓ export OK", "good")),
            line(Span(f"  {report.verdict.outcome.value.replace('-', ' ')}, {numbers}", "dim")),
            line(" "),
            line(Span("  4 Diff  5 Graph  7 Values", "dim")),
        ]
    )


def draw_fixes(app: Workspace) -> None:
    """The ways out of the selected finding."""
    state, pane = app.state, app.pane(Pane.FIXES)
    finding = state.selected
    if state.opened is None or finding is None:
        pane.list.show(saying("No finding is selected." if state.opened else ""))
        pane.title("2 Fixes")
        return
    trying = state.run.phase is Phase.TRYING
    lines = fix_lines(finding, state.opened.report.root, trying=trying)
    if not lines:
        pane.list.show(saying("No fix is known.", "o what the rule means", "e edit the line   y copy"))
        pane.title(f"2 Fixes for {finding.id}")
        return
    pane.list.show(Fixed(lines), state.way)
    can_apply = state.fix is not None and bool(state.fix.edits)
    pane.title(f"2 Fixes for {finding.id}", "↵ preview  a apply" if can_apply else "↵ read")


def draw_modules(app: Workspace) -> None:
    """The tree of modules."""
    state, pane = app.state, app.pane(Pane.MODULES)
    if state.opened is None:
        pane.list.show(saying(""))
        return
    title = state.opened.report.target.rpartition(":")[2] or "Model"
    before = pane.list.current
    lines = module_lines(app.module_tree, state.open_modules, state.filter(Pane.MODULES), title)
    if not lines:
        pane.list.show(saying("no module has this in its name", "esc clears the filter"))
    else:
        row = next((at for at, each in enumerate(lines) if before is not None and each.key == before.key), 0)
        pane.list.show(Fixed(lines), row)
    pane.title("3 Modules", f"{app.module_tree.nodes} nodes")


def draw_card(app: Workspace) -> None:
    """What the selected finding says, above the tabs' rows."""
    state, bar = app.state, app.query_one("#card", Bar)
    finding = state.selected
    wanted = finding is not None and state.opened is not None and state.tab is not Tab.LOG
    most = _CARD_LINES if app.size.height >= 30 else 4
    lines: list[Line] = []
    if finding is not None and state.opened is not None and wanted:
        lines = card(finding, state.opened.report.root, app.main_width, most)
    if state.tab is Tab.DIFF and app.alignments.get(state.program) is not None:
        lines.append(_heads(state, app.main_width))
    bar.styles.height = len(lines)
    bar.display = bool(lines)
    bar.show(lines)


def _heads(state: State, width: int) -> Line:
    """The line above the columns of the diff."""
    left = f"─ FX {state.program.value} "
    if shown_inline(state):
        text = f"{left}{'─' * max(width - len(left) - 7, 1)} ONNX ─"
    else:
        half = (width - 3) // 2
        text = f"{left}{'─' * max(half - len(left), 1)}─┬─ ONNX {'─' * max(width - half - 10, 1)}"
    return line(Span(text, "dim"))


def draw_main(app: Workspace, *, keep: bool = False) -> None:
    """The rows of the tab. `keep` leaves the cursor where it is."""
    state, pane = app.state, app.pane(Pane.MAIN)
    view = main_view(state, app.alignments, app.main_width)
    cursor = pane.list.cursor if keep else app.cursors.get(state.tab, view.cursor)
    pane.list.found = frozenset()
    pane.list.show(view.rows, cursor, centred=not keep)
    tabs = " · ".join(f"[{tab.value}]" if tab is state.tab else tab.value for tab in Tab)
    pane.title(f"0 {tabs}", view.counted)


def draw_strip(app: Workspace) -> None:
    """The line of the run."""
    bar = app.query_one("#strip", Bar)
    bar.show([strip_line(app.state, app.said, bar.size.width)])


_BEST: dict[Pane, tuple[str, ...]] = {
    Pane.FINDINGS: ("open", "apply", "undo", "rerun", "filter", "group", "edit", "copy", "palette", "quit"),
    Pane.FIXES: ("open", "apply", "undo", "rerun", "edit", "copy", "palette", "quit"),
    Pane.MODULES: ("open", "filter", "left", "right", "palette", "quit"),
    Pane.MAIN: ("open", "difference", "apply", "rerun", "side", "more", "edit", "filter", "copy", "palette", "quit"),
}


def draw_footer(app: Workspace) -> None:
    """The keys that matter now: those that do nothing just now are dim, and all of them are one key away."""
    state, bar = app.state, app.query_one("#footer", Bar)
    groups = []
    for name in ("cancel", *_BEST[state.pane]) if state.run.active else _BEST[state.pane]:
        command = COMMANDS.get(name)
        if command is None:
            continue
        refused = bool(command.refusal(state))
        key = Span(f" {shown_key(command.keys[0])} ", "dim" if refused else "key")
        groups.append((key, Span(command.title.lower() + " ", "dim" if refused else "")))
    bar.show([kept(groups, (Span(" ? ", "key"), Span("all keys")), bar.size.width)])


DEPENDS: tuple[tuple[Callable[[Workspace], None], frozenset[str]], ...] = (
    (draw_findings, frozenset({"opened", "problem", "grouping", "filters", "finding"})),
    (draw_fixes, frozenset({"opened", "finding", "way", "run"})),
    (draw_modules, frozenset({"opened", "filters", "open_modules"})),
    (draw_card, frozenset({"opened", "finding", "tab", "program", "inline", "graphs_pending", "narrow"})),
    (draw_top, frozenset({"opened", "problem", "pane", "tab", "finding", "target", "run", "graphs_pending"})),
    (draw_strip, frozenset({"opened", "problem", "run", "applied", "graphs_pending", "watching"})),
    (draw_footer, frozenset({"opened", "pane", "tab", "finding", "way", "run", "applied", "undone", "graphs_pending"})),
)
"""What is drawn again when one of these fields of the state changes. The main pane is drawn by `Workspace`."""

MAIN = frozenset({"opened", "problem", "graphs_pending", "loading", "tab", "program", "folding", "inline", "narrow"})
MAIN |= {"finding", "node", "hops", "frame"}
