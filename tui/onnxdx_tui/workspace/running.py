"""The commands that run and change: rerun, cancel, watch, compare; apply a fix, undo it, apply it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len

from onnxdx_diagnostics.fix import Applicability
from onnxdx_tui.workspace import editor
from onnxdx_tui.workspace.comparison_rows import comparison_lines, run_lines
from onnxdx_tui.workspace.fix_rows import LETTERS, diff_lines
from onnxdx_tui.workspace.kept_runs import earlier
from onnxdx_tui.workspace.line import Line, Span, line, shown, wrapped
from onnxdx_tui.workspace.opened import NoRun, open_run
from onnxdx_tui.workspace.picker import Picker
from onnxdx_tui.workspace.search import Filter
from onnxdx_tui.workspace.sheet import Sheet
from onnxdx_tui.workspace.twins import apply_line

if TYPE_CHECKING:
    from onnxdx_diagnostics.changes import Prepared, Refused
    from onnxdx_tui.workspace.app import Workspace

Handler = Callable[["Workspace"], None]


def _rerun(app: Workspace) -> None:
    app.live.start()


def _rerun_anew(app: Workspace) -> None:
    app.live.start(anew=True)


def _cancel(app: Workspace) -> None:
    app.live.cancel()


def _watch(app: Workspace) -> None:
    app.live.watch(not app.state.watching)
    app.say("watching the project's Python files" if app.state.watching else "no longer watching")


def _apply(app: Workspace) -> None:
    """Show what would be written, and write it when that is agreed to."""
    from onnxdx_diagnostics.changes import Refused
    from onnxdx_diagnostics.remedies import Plan, Remedy

    state = app.state
    finding, fix = state.selected, state.fix
    assert finding is not None
    assert fix is not None
    plan = Plan((Remedy(finding, fix),))
    try:
        ready = plan.prepared(app.root) if state.target else plan.prepared_from_report(app.root)
    except Refused as refused:
        _refuse(app, refused)
        return
    _ask(app, ready, fix.title, fix.applicability)


def _ask(app: Workspace, ready: Prepared, title: str, applicability: Applicability, *, edited: bool = False) -> None:
    state = app.state
    rerun = {"enter": "apply and rerun", "p": "apply only"} if state.target else {"enter": "apply"}
    answers = {**rerun, "e": "edit first"}

    def lines(width: int) -> list[Line]:
        return _proposal(ready, title, "edited" if edited else applicability.value, apply_line(state), width)

    def answered(key: str | None) -> None:
        if key == "e":
            changed = editor.edit_proposal(app, ready)
            _ask(app, changed or ready, title, applicability, edited=edited or changed is not None)
        elif key:
            _write(app, ready, title, rerun=key == "enter" and bool(state.target))

    letter = LETTERS[state.way % len(LETTERS)]
    app.push_screen(
        Sheet(f"Apply fix {letter} for {state.selected.id if state.selected else ''}", lines, answers), answered
    )


def _proposal(ready: Prepared, title: str, standing: str, twin: str, width: int) -> list[Line]:
    lines = [line(Span(part, "title")) for part in wrapped(shown(title), width)]
    good = standing == Applicability.PROVEN.value
    said = standing if good else f"{standing}: the numbers are not proven"
    lines.append(
        line(Span(said, "good" if good else "warning"), Span(f"   writes {', '.join(map(shown, ready.paths))}", "dim"))
    )
    lines += [line(" "), *(diff_lines(ready.diff) or [line(Span("the files have this already", "dim"))])]
    if twin:
        said, twin = "the same on the command line:", shown(twin)
        same = [line(Span(f"{said} ", "dim"), twin)]
        if len(said) + 1 + cell_len(twin) > width:
            same = [line(Span(said, "dim")), *(line(f"  {part}") for part in wrapped(twin, width - 2))]
        lines += [line(" "), *same]
    return lines


def _write(app: Workspace, ready: Prepared, title: str, *, rerun: bool) -> None:
    from onnxdx_diagnostics import changes
    from onnxdx_diagnostics.changes import CutShort, Refused

    try:
        changes.apply(ready, (title,))
    except Refused as refused:
        _refuse(app, refused)
        return
    except CutShort as cut:
        app.say(str(cut), "error")
        return
    app.undone.clear()
    app.done.append((ready, title))
    app.update(applied=len(app.done), undone=0)
    app.say(f"wrote {', '.join(ready.paths)}   u undoes it", "good")
    app.edited()
    if rerun:
        app.live.start()


def _refuse(app: Workspace, refused: Refused) -> None:
    def lines(width: int) -> list[Line]:
        return [line(part) for reason in refused.reasons for part in wrapped(shown(reason), width)]

    app.push_screen(Sheet("Nothing was changed", lines))


def _undo(app: Workspace) -> None:
    _settled(app, redo=False)


def _redo(app: Workspace) -> None:
    _settled(app, redo=True)


def _settled(app: Workspace, *, redo: bool) -> None:
    """Undo the last change, or do it again."""
    from onnxdx_diagnostics import changes
    from onnxdx_diagnostics.changes import CutShort, Refused

    ready, title = (app.undone if redo else app.done)[-1]
    try:
        if redo:
            changes.apply(ready, (title,))
        else:
            changes.undo(app.root)
    except Refused as refused:
        _refuse(app, refused)
        return
    except CutShort as cut:
        app.say(str(cut), "error")
        return
    source, target = (app.undone, app.done) if redo else (app.done, app.undone)
    target.append(source.pop())
    app.update(applied=len(app.done), undone=len(app.undone))
    app.say(f"{'applied again' if redo else 'undone'}: {title}", "good")
    app.edited()
    if app.state.target:
        app.live.start()


def _compare(app: Workspace) -> None:
    """Pick an earlier run, and tell what became of its findings."""
    state = app.state
    assert state.opened is not None
    path = state.opened.path
    folders = [each for each in _beside(app, path) if each != path.absolute()]
    if not folders:
        app.say("Compare runs: there is no earlier run of this project", "warning")
        return
    lines = run_lines(folders)

    def chosen(key: object) -> None:
        if isinstance(key, Path):
            _show_comparison(app, key)

    app.push_screen(
        Picker("Compare with", lambda text: [each for each in lines if Filter(text).admits(each.text)]), chosen
    )


def _beside(app: Workspace, path: Path) -> list[Path]:
    """The runs of the project, or those in the folder that this one is in."""
    kept = earlier(app.root)
    if kept or not path.is_dir():
        return kept
    return sorted((each for each in path.absolute().parent.iterdir() if (each / "run.json").is_file()), reverse=True)


def _show_comparison(app: Workspace, folder: Path) -> None:
    assert app.state.opened is not None
    try:
        before = open_run(folder).report
    except NoRun as error:
        app.say(str(error), "error")
        return
    after = app.state.opened.report
    app.push_screen(Sheet(f"Since run {folder.name}", partial(comparison_lines, before, after)))


HANDLERS: Mapping[str, Handler] = {
    "rerun": _rerun,
    "rerun-anew": _rerun_anew,
    "cancel": _cancel,
    "watch": _watch,
    "compare": _compare,
    "apply": _apply,
    "undo": _undo,
    "redo": _redo,
}
