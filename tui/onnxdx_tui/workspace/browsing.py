"""The commands that look: cursors, panes, tabs, folds, filters and searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from onnxdx_diagnostics.graphs import Stage
from onnxdx_tui.workspace import drawing, reading
from onnxdx_tui.workspace.alignment import Alignment
from onnxdx_tui.workspace.diff_rows import DiffRows, Shown
from onnxdx_tui.workspace.finding_rows import ordered
from onnxdx_tui.workspace.main_view import shown_inline
from onnxdx_tui.workspace.node_view import node_at
from onnxdx_tui.workspace.prompt import Prompt
from onnxdx_tui.workspace.search import Filter
from onnxdx_tui.workspace.state import Pane, State, Tab

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace

Handler = Callable[["Workspace"], None]
_MOST_HOPS = 6
_SHIFT = 8


def _move(rows: int, app: Workspace) -> None:
    app.at_work.move(rows)


def _page(pages: int, app: Workspace) -> None:
    app.at_work.move(pages * app.at_work.page())


def _end(last: bool, app: Workspace) -> None:
    app.at_work.go(len(app.at_work.rows) - 1 if last else 0)


def _sideways(step: int, app: Workspace) -> None:
    """Open or close a branch; elsewhere move the rows."""
    state, current = app.state, app.at_work.current
    if state.pane is not Pane.MODULES or current is None or not isinstance(current.key, str):
        app.at_work.shift = max(0, app.at_work.shift + _SHIFT * step)
        return
    path = current.key
    if step > 0:
        app.update(open_modules=state.open_modules | {path})
    elif path in state.open_modules and path:
        app.update(open_modules=state.open_modules - {path})
    else:
        parent = path.rpartition(".")[0]
        lines = getattr(app.at_work.rows, "lines", ())
        app.at_work.go(next((at for at, each in enumerate(lines) if each.key == parent), 0))


def _open(app: Workspace) -> None:
    """Open what the row stands for."""
    current = app.at_work.current
    key = current.key if current is not None else None
    match app.state.pane:
        case Pane.FINDINGS if isinstance(key, int):
            app.select(key)
            app.go_to(Pane.MAIN)
        case Pane.FIXES if isinstance(key, int):
            app.update(way=key)
            app.action_do("preview")
        case Pane.MODULES if isinstance(key, str):
            _open_module(app, key)
        case Pane.MAIN:
            _open_main(app, key)


def _open_module(app: Workspace, path: str) -> None:
    app.update(open_modules=app.state.open_modules | {path})
    go_to_module(app, path)


def go_to_module(app: Workspace, path: str) -> None:
    """Show the first node of a module in the diff."""
    alignment = app.alignments.get(app.state.program)
    unit = _first_unit(alignment, path) if alignment is not None else None
    if unit is None:
        app.say("there is no node of this module to show", "warning")
    else:
        go_to_unit(app, unit)


def go_to_unit(app: Workspace, unit: int) -> None:
    """Show a unit of the comparison in the diff."""
    app.update(tab=Tab.DIFF)
    reveal_unit(app, unit)
    app.go_to(Pane.MAIN)


def _first_unit(alignment: Alignment, path: str) -> int | None:
    for at, unit in enumerate(alignment.units):
        if unit.left is not None:
            module = alignment.left.nodes[unit.left].module
            if not path or module == path or module.startswith(f"{path}."):
                return at
    return None


def reveal_unit(app: Workspace, unit: int) -> None:
    """Put the cursor of the diff on a unit, out of its fold."""
    rows = app.pane(Pane.MAIN).list.rows
    if not isinstance(rows, DiffRows):
        return
    row = rows.row_of(unit)
    if rows.rows[row].until:
        _unfold(app, rows.rows[row].unit)
        rows = app.pane(Pane.MAIN).list.rows
        assert isinstance(rows, DiffRows)
        row = rows.row_of(unit)
    app.pane(Pane.MAIN).list.go(row, centred=True)


def _unfold(app: Workspace, unit: int) -> None:
    folding = app.state.folding
    app.cursors[Tab.DIFF] = app.pane(Pane.MAIN).list.cursor
    app.update(folding=replace(folding, open=folding.open | {unit}))


def _open_main(app: Workspace, key: object) -> None:
    state = app.state
    if state.tab is Tab.DIFF and isinstance(key, Shown):
        if key.until:
            _unfold(app, key.unit)
            return
        node = _node_of_row(app, key)
        if node is not None:
            app.update(node=node, frame=None, tab=Tab.SOURCE)
    elif state.tab is Tab.GRAPH and isinstance(key, str) and state.opened is not None:
        stage = state.node[0] if state.node else _stage_of_finding(state)
        app.cursors.pop(Tab.GRAPH, None)
        app.update(node=(stage, key))
    elif state.tab is Tab.VALUES and isinstance(key, int):
        app.select(key)
        app.update(tab=Tab.DIFF)
    elif state.tab is Tab.LOG and key is not None and state.opened is not None:
        same = [at for at, each in enumerate(state.opened.report.findings) if each.fault == getattr(key, "fault", None)]
        if same:
            app.select(same[0])
            app.update(tab=Tab.DIFF)


def _stage_of_finding(state: State) -> Stage:
    found = node_at(state)
    return found[0].stage if found else state.program


def _node_of_row(app: Workspace, row: Shown) -> tuple[Stage, str] | None:
    """The node that a row of the diff shows: of the left program, or of ONNX where there is none."""
    alignment = app.alignments.get(app.state.program)
    if alignment is None:
        return None
    unit = alignment.units[row.unit]
    if unit.left is not None:
        return (app.state.program, alignment.left.nodes[unit.left].name)
    return (Stage.ONNX, alignment.right.nodes[unit.right[0]].name) if unit.right else None


def _tab(tab: Tab, app: Workspace) -> None:
    """Show a tab; from a row of the diff, Graph and Source show that row's node."""
    state, changes = app.state, {}
    key = app.at_work.current.key if app.at_work.current and state.pane is Pane.MAIN else None
    if state.tab is Tab.DIFF and tab in (Tab.GRAPH, Tab.SOURCE) and isinstance(key, Shown) and not key.until:
        changes["node"] = _node_of_row(app, key)
    if state.tab is not tab:
        app.cursors.pop(tab, None) if tab in (Tab.GRAPH, Tab.SOURCE) else None
        app.update(tab=tab, **changes)
    if app.state.narrow:
        app.go_to(Pane.MAIN)


def _beside(step: int, app: Workspace) -> None:
    _tab(app.state.tab.beside(step), app)


def _pane(pane: Pane, app: Workspace) -> None:
    app.go_to(pane)


def _zoom(app: Workspace) -> None:
    app.update(zoomed=not app.state.zoomed)


def _group(app: Workspace) -> None:
    app.update(grouping=app.state.grouping.next)
    app.say(f"grouped by {app.state.grouping.value}")


def _step_finding(step: int, app: Workspace) -> None:
    state = app.state
    assert state.opened is not None
    order = ordered(state.opened.report.findings, state.grouping)
    at = order.index(state.finding) if state.finding in order else -1
    app.select(order[(at + step) % len(order)])


def _difference(step: int, app: Workspace) -> None:
    main = app.pane(Pane.MAIN).list
    if app.search.text and app.search.step(step):
        return
    if isinstance(main.rows, DiffRows):
        row = main.rows.next_difference(main.cursor, step)
        if row is None:
            app.say("no further difference in this direction", "warning")
            return
        main.go(row, centred=True)
        if app.state.narrow:
            app.go_to(Pane.MAIN)


def _context(step: int, app: Workspace) -> None:
    state = app.state
    if state.tab is Tab.GRAPH:
        app.cursors.pop(Tab.GRAPH, None)
        app.update(hops=min(max(state.hops + step, 1), _MOST_HOPS))
        return
    app.cursors.pop(Tab.DIFF, None)
    app.update(folding=replace(state.folding, context=max(0, state.folding.context + step), open=frozenset()))


def _side(app: Workspace) -> None:
    state = app.state
    app.cursors.pop(Tab.DIFF, None)
    app.update(inline=not shown_inline(state))


def _program(app: Workspace) -> None:
    other = Stage.DECOMPOSED if app.state.program is Stage.CAPTURED else Stage.CAPTURED
    app.cursors.pop(Tab.DIFF, None)
    app.update(program=other)
    reading.compare(app, other)
    app.say(f"ONNX beside the {other.value} program")


def _here(app: Workspace) -> None:
    app.cursors.clear()
    app.update(node=None, frame=None)
    drawing.draw_main(app)


def _frame(step: int, app: Workspace) -> None:
    state = app.state
    finding = state.selected
    assert finding is not None
    last = len(finding.site.stack) - 1
    at = last if state.frame is None else state.frame
    app.cursors.pop(Tab.SOURCE, None)
    app.update(frame=min(max(at + step, 0), last), node=None, tab=Tab.SOURCE)


def _filter(app: Workspace) -> None:
    state, prompt = app.state, app.query_one("#prompt", Prompt)
    pane = state.pane
    if pane in (Pane.FIXES, Pane.MAIN):
        prompt.ask("search", app.search.text, app.search.begin, partial(_searched, app))
        return
    before = state.filter(pane)

    def heard(text: str) -> None:
        app.update(filters={**app.state.filters, pane: Filter(text)})

    def ended(meant: bool) -> None:
        if not meant:
            app.update(filters={**app.state.filters, pane: Filter() if before.text else before})
        app.go_to(pane)

    prompt.ask("/", before.text, heard, ended)


def _searched(app: Workspace, meant: bool) -> None:
    if not meant:
        app.search.begin("")
    app.go_to(Pane.MAIN)


def _back(app: Workspace) -> None:
    """Undo the last step of looking: a search, a filter, a zoom, a pane."""
    state = app.state
    if app.search.text:
        app.search.begin("")
    elif state.filter(state.pane).text:
        app.update(filters={**state.filters, state.pane: Filter()})
    elif state.node is not None and state.pane is Pane.MAIN:
        _here(app)
    elif state.zoomed:
        app.update(zoomed=False)
    elif state.pane is not Pane.FINDINGS:
        app.go_to(Pane.FINDINGS)


HANDLERS: Mapping[str, Handler] = {
    "up": partial(_move, -1),
    "down": partial(_move, 1),
    "page-up": partial(_page, -1),
    "page-down": partial(_page, 1),
    "first": partial(_end, False),
    "last": partial(_end, True),
    "left": partial(_sideways, -1),
    "right": partial(_sideways, 1),
    "open": _open,
    "findings": partial(_pane, Pane.FINDINGS),
    "fixes": partial(_pane, Pane.FIXES),
    "modules": partial(_pane, Pane.MODULES),
    "main": partial(_pane, Pane.MAIN),
    "diff": partial(_tab, Tab.DIFF),
    "graph": partial(_tab, Tab.GRAPH),
    "source": partial(_tab, Tab.SOURCE),
    "values": partial(_tab, Tab.VALUES),
    "log": partial(_tab, Tab.LOG),
    "tab-right": partial(_beside, 1),
    "tab-left": partial(_beside, -1),
    "zoom": _zoom,
    "group": _group,
    "next": partial(_step_finding, 1),
    "previous": partial(_step_finding, -1),
    "difference": partial(_difference, 1),
    "difference-back": partial(_difference, -1),
    "more": partial(_context, 1),
    "less": partial(_context, -1),
    "side": _side,
    "program": _program,
    "here": _here,
    "frame-out": partial(_frame, -1),
    "frame-in": partial(_frame, 1),
    "filter": _filter,
    "back": _back,
}
