"""From a run on the disk to the screen: the report at once, its graphs and their comparison when they are there."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.graphs import Stage
from onnxdx_diagnostics.report import Report
from onnxdx_tui.workspace import drawing
from onnxdx_tui.workspace.alignment import Alignment, aligned
from onnxdx_tui.workspace.finding_rows import finding_lines
from onnxdx_tui.workspace.module_rows import Branch, opened_for, tree_of
from onnxdx_tui.workspace.opened import NoRun, Opened, open_run, with_graphs
from onnxdx_tui.workspace.state import Pane

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace


def read(app: Workspace, path: Path) -> None:
    """Read a run in a thread, and show it."""
    app.update(loading=f"Reading {path} …", graphs_pending=True)
    app.run_worker(partial(_read, app, path), thread=True, exclusive=True, group="read", exit_on_error=False)


def _read(app: Workspace, path: Path) -> None:
    try:
        opened = open_run(path)
    except NoRun as error:
        app.call_from_thread(app.update, problem=str(error), opened=None, graphs_pending=False)
        return
    app.call_from_thread(show, app, opened)
    alignments = {}
    with _without_collection():
        complete = with_graphs(opened)
        tree = tree_of(complete.graphs, complete.report)
        if complete.graphs is not None:
            alignments[app.state.program] = aligned(complete.graphs, app.state.program, complete.levels)
    app.call_from_thread(_show_graphs, app, complete, tree, alignments)


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Very many objects are made that stay: looking for garbage among them would cost as much as making them."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def show(app: Workspace, opened: Opened) -> None:
    """Show the report of a run, while its graphs are still being read; the finding stays if it is there again."""
    app.module_tree = tree_of(None, opened.report)
    app.alignments = {}
    first = _same_finding(app, opened.report)
    module = opened.report.findings[first].site.module if first is not None else ""
    app.update(
        opened=opened,
        problem="",
        loading="",
        finding=first,
        way=0,
        node=None,
        frame=None,
        open_modules=opened_for(module),
        graphs_pending=True,
    )


def show_partial(app: Workspace, opened: Opened) -> None:
    """Show what a run has found by now."""
    show(app, opened)
    app.update(graphs_pending=False)


def replace_report(app: Workspace, report: Report) -> None:
    """The run that is shown has another report by now: fixes have come."""
    if app.state.opened is not None:
        app.update(opened=replace(app.state.opened, report=report), finding=_same_finding(app, report))


def _same_finding(app: Workspace, report: Report) -> int | None:
    """The finding that is selected now, or was the last time, as it is in a report; else the first one of its rows."""
    state = app.state
    after = identities(report.findings)
    wanted = app.recalled.finding
    if state.opened is not None and state.finding is not None:
        wanted = identities(state.opened.report.findings)[state.finding]
    if wanted in after:
        return after.index(wanted)
    lines = finding_lines(report, state.grouping, state.filter(Pane.FINDINGS))
    return next((each.key for each in lines if isinstance(each.key, int)), None)


def _show_graphs(app: Workspace, opened: Opened, tree: Branch, alignments: dict[Stage, Alignment | None]) -> None:
    app.module_tree = tree
    app.alignments = alignments
    app.update(opened=opened, graphs_pending=False)


def compare(app: Workspace, stage: Stage) -> None:
    """Have the program of a stage compared with ONNX in a thread, if that is not done yet."""
    opened = app.state.opened
    if stage not in app.alignments and opened is not None:
        work = partial(_compare, app, opened, stage)
        app.run_worker(work, thread=True, exclusive=True, group="compare", exit_on_error=False)


def _compare(app: Workspace, opened: Opened, stage: Stage) -> None:
    if opened.graphs is not None:
        app.call_from_thread(_show_alignment, app, opened, stage, aligned(opened.graphs, stage, opened.levels))


def _show_alignment(app: Workspace, opened: Opened, stage: Stage, alignment: Alignment | None) -> None:
    if opened is app.state.opened:
        app.alignments[stage] = alignment
        drawing.draw_card(app)
        drawing.draw_main(app)
