"""The commands that tell, copy and leave: rules, fixes, keys, the palette, the editor, themes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from onnxdx_tui.workspace import copying, editor
from onnxdx_tui.workspace.commands import COMMANDS, Command, Place, shown_key
from onnxdx_tui.workspace.fix_rows import LETTERS, fix_story
from onnxdx_tui.workspace.jump import Jump
from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.palette import palette_lines
from onnxdx_tui.workspace.picker import Picker
from onnxdx_tui.workspace.rule_rows import rule_lines
from onnxdx_tui.workspace.search import Filter
from onnxdx_tui.workspace.sheet import Sheet
from onnxdx_tui.workspace.state import THEMES, Pane, State, Tab

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace

Handler = Callable[["Workspace"], None]

_PLACES = {Pane.FINDINGS: Place.FINDINGS, Pane.FIXES: Place.FIXES, Pane.MODULES: Place.LIST}
_TAB_PLACES = {Tab.DIFF: Place.DIFF, Tab.GRAPH: Place.DIFF, Tab.SOURCE: Place.SOURCE}


def _rule(app: Workspace) -> None:
    finding = app.state.selected
    assert finding is not None
    app.push_screen(Sheet(f"{finding.id} {finding.name}", partial(rule_lines, type(finding))))


def _preview(app: Workspace) -> None:
    state = app.state
    fix, finding = state.fix, state.selected
    assert fix is not None
    assert finding is not None
    assert state.opened is not None
    root = state.opened.report.root
    title = f"Fix {LETTERS[state.way % 26]} for {finding.id}"
    app.push_screen(Sheet(title, lambda width: fix_story(fix, root, width)))


def help_lines(state: State, text: str) -> list[Line]:
    """Every command, those of the focused pane first, and those that do nothing just now last, with the reason."""
    first = _PLACES.get(state.pane, _TAB_PLACES.get(state.tab, Place.APP))
    wanted = Filter(text)
    able: list[Line] = []
    unable: list[Line] = []
    for command in sorted(COMMANDS.values(), key=lambda each: each.place is not first):
        reason = command.refusal(state)
        row = _help_line(command, reason, state)
        if wanted.admits(row.text):
            (unable if reason else able).append(row)
    return [*able, *unable]


def _help_line(command: Command, reason: str, state: State) -> Line:
    keys = " ".join(map(shown_key, command.keys))
    said: tuple[Span, ...]
    if reason:
        said = (Span(f"disabled: {shown(reason)}", "warning"),)
    else:
        twin = command.twin(state)
        said = (Span(command.help, ""), Span(f"   {shown(twin)}" if twin else "", "dim"))
    return line(
        Span(f"{keys:<10} ", "dim" if reason else "key"),
        Span(f"{command.title:<24} ", "dim" if reason else "title"),
        *said,
        Span(f"  {command.place.value}", "dim"),
        key=command.id,
    )


def _help(app: Workspace) -> None:
    title = f"Keys: {app.state.pane.name.title()}   (ctrl+c copies a selection, shift+drag selects)"
    app.push_screen(Picker(title, lambda text: help_lines(app.state, text)), partial(_chosen, app))


def _palette(app: Workspace) -> None:
    app.push_screen(Picker("Commands, nodes, modules, rules", partial(palette_lines, app)), partial(_chosen, app))


def _chosen(app: Workspace, key: object) -> None:
    """Do what was picked in help or the palette."""
    if isinstance(key, str):
        app.action_do(key)
    elif callable(key):
        key()


def _jump(app: Workspace) -> None:
    def chosen(command_id: str | None) -> None:
        if command_id:
            app.action_do(command_id)

    app.push_screen(Jump(app), chosen)


def _copy(app: Workspace) -> None:
    offers = copying.offers(app.state, app.at_work.current)
    lines: Sequence[Line] = [
        line(Span(f"{what:<14} ", "title"), Span(shown(text), "dim"), key=(what, text)) for what, text in offers
    ]

    def chosen(key: object) -> None:
        if isinstance(key, tuple):
            what, text = key
            copying.copy(app, str(what), str(text))

    app.push_screen(Picker("Copy", lambda text: [each for each in lines if Filter(text).admits(each.text)]), chosen)


def _theme(app: Workspace) -> None:
    at = THEMES.index(app.theme) if app.theme in THEMES else -1
    app.theme = THEMES[(at + 1) % len(THEMES)]
    app.say(f"theme {app.theme}")


def _quit(app: Workspace) -> None:
    app.leave()


HANDLERS: Mapping[str, Handler] = {
    "rule": _rule,
    "preview": _preview,
    "help": _help,
    "palette": _palette,
    "jump": _jump,
    "copy": _copy,
    "edit": editor.edit,
    "theme": _theme,
    "quit": _quit,
}
