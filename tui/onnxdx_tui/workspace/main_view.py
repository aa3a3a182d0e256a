"""What the main pane shows: the rows of its tab, where the cursor starts, and what is counted in its border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from onnxdx_diagnostics.graphs import Stage
from onnxdx_tui.workspace.alignment import Alignment, Match
from onnxdx_tui.workspace.diff_rows import DiffRows
from onnxdx_tui.workspace.graph_rows import GraphRows
from onnxdx_tui.workspace.line import Line, line, shown, wrapped
from onnxdx_tui.workspace.line_list import Fixed, Rows, saying
from onnxdx_tui.workspace.log_rows import event_lines, printed_lines
from onnxdx_tui.workspace.node_view import left_name, node_at, place_of
from onnxdx_tui.workspace.source_rows import SourceRows
from onnxdx_tui.workspace.state import State, Tab
from onnxdx_tui.workspace.value_rows import value_lines


class View(NamedTuple):
    """Rows, the row to begin at, and the text of the lower border."""

    rows: Rows
    cursor: int = 0
    counted: str = ""


def main_view(state: State, alignments: Mapping[Stage, Alignment | None], width: int) -> View:
    """The view of the tab that is shown."""
    if state.opened is None:
        return View(_nothing(state, width))
    match state.tab:
        case Tab.DIFF:
            return _diff(state, alignments)
        case Tab.GRAPH:
            return _graph(state)
        case Tab.SOURCE:
            return _source(state)
        case Tab.VALUES:
            return View(Fixed(value_lines(state.opened.report, width)))
        case Tab.LOG:
            return _log(state)


def _nothing(state: State, width: int) -> Rows:
    if state.problem:
        return saying(*wrapped(shown(state.problem), width - 2), "", "q quits")
    if state.run.active:
        return saying(f"Exporting {shown(state.target)} …", "", "What is found is shown as soon as it is. x cancels.")
    return saying(state.loading or "Nothing has run yet.", "", "r runs" if state.target else "")


def _diff(state: State, alignments: Mapping[Stage, Alignment | None]) -> View:
    assert state.opened is not None
    if state.opened.graphs is None:
        if state.graphs_pending or state.run.active:
            return View(saying("Reading the graphs …"))
        around = "5 Graph: what is around the finding   " if any(state.opened.around) else ""
        return View(
            saying(
                "This run left no graphs, so there is nothing to compare.",
                "",
                "A run folder has them: onnxdx export TARGET --run-dir DIR",
                f"{around}6 Source   7 Values   8 Log",
            )
        )
    if state.program not in alignments:
        return View(saying("Comparing FX with ONNX …"))
    alignment = alignments[state.program]
    if alignment is None:
        return View(saying("This run has no ONNX program to compare with.", "", "5 Graph   6 Source   8 Log"))
    unit = alignment.unit_of.get(left_name(state), -1)
    inline = shown_inline(state)
    rows = DiffRows(alignment, replace(state.folding, focus=unit), inline=inline)
    counts = alignment.counts
    counted = "  ".join(f"{match.value}{number}" for match, number in counts.items() if number)
    if unit < 0 and state.finding is None:
        unit = next((at for at, each in enumerate(alignment.units) if each.match is Match.MISSING), 0)
    return View(rows, rows.row_of(max(unit, 0)) if unit >= 0 else 0, f"{counted}   n/N next")


def shown_inline(state: State) -> bool:
    """Whether both programs share one column."""
    return state.narrow if state.inline is None else state.inline


def _graph(state: State) -> View:
    assert state.opened is not None
    found = node_at(state)
    if found is None:
        return View(
            saying(
                "No node is selected: this finding is about none." if state.selected else "No node is selected.",
                "",
                "4 Diff: a row there is a node; 5 shows it with its neighbours",
            )
        )
    graph, node = found
    rows = GraphRows(graph, node.name, state.hops, state.opened.levels)
    return View(rows, rows.row, f"{state.hops} hops  {rows.summary}   {{ }} hops")


def _source(state: State) -> View:
    assert state.opened is not None
    if state.node is not None and (found := node_at(state)) is not None:
        place = place_of(found[1])
        if place is not None:
            rows = SourceRows(state.opened, place, (), None)
            return View(rows, rows.focus)
        node = found[1]
        where = f"It is of the module {shown(node.module)}." if node.module else "It is of no module."
        return View(saying(f"No line of your code is known for {shown(node.name)}.", where, "", "5 Graph   4 Diff"))
    finding = state.selected
    if finding is None:
        return View(saying("No finding is selected.", "", "1 Findings   4 Diff: a row there has a line"))
    site = finding.site
    if site.location is None:
        return View(saying("No source line is known: the finding is about the model as a whole."))
    place = site.location if state.frame is None else site.stack[state.frame].location
    rows = SourceRows(state.opened, place, site.stack, state.frame)
    return View(rows, rows.focus, "± changed since the run" if rows.stale else "")


def _log(state: State) -> View:
    assert state.opened is not None
    lines: list[Line] = list(event_lines(state.opened.events))
    printed = list(printed_lines(state.opened.printed))
    if printed:
        lines += [line(" "), line("printed by the model's code:"), *printed]
    lines += [line(f"not read: {notice}") for notice in state.opened.notices]
    if not lines:
        return View(saying("This run left no events: only a run folder has them."))
    return View(Fixed(lines), len(lines) - 1 if state.run.active else 0, f"{len(lines)} lines")
