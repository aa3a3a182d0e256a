"""The palette: every command, node, module and rule of the run by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from onnxdx_diagnostics import catalog
from onnxdx_tui.workspace.browsing import go_to_module, go_to_unit
from onnxdx_tui.workspace.commands import COMMANDS, shown_key
from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.rule_rows import rule_lines
from onnxdx_tui.workspace.search import Filter
from onnxdx_tui.workspace.sheet import Sheet

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace

_MOST = 60


def palette_lines(app: Workspace, text: str) -> list[Line]:
    """What matches: commands first, then findings' rules, modules and nodes; the key of a row is what it does."""
    wanted = Filter(text if text.startswith("!") else text.lower())
    lines = list(_commands(app, wanted))
    if text:
        lines += islice(_modules(app, wanted), _MOST)
        lines += islice(_nodes(app, wanted), _MOST)
        lines += islice(_rules(app, wanted), _MOST)
    return lines


def _commands(app: Workspace, wanted: Filter) -> Iterator[Line]:
    able = [each for each in COMMANDS.values() if not each.refusal(app.state)]
    unable = [each for each in COMMANDS.values() if each.refusal(app.state)]
    for command in (*able, *unable):
        if wanted.admits(f"{command.title} {command.help}"):
            reason = command.refusal(app.state)
            keys = " ".join(map(shown_key, command.keys))
            said = Span(f"disabled: {shown(reason)}", "warning") if reason else Span(command.help, "dim")
            yield line(Span(f"{command.title:<24} "), Span(f"{keys:<10} ", "key"), said, key=command.id)


def _modules(app: Workspace, wanted: Filter) -> Iterator[Line]:
    branches = list(app.module_tree.inside.values())
    while branches:
        branch = branches.pop(0)
        branches += branch.inside.values()
        if wanted.admits(branch.path):
            said = Span(f"{branch.nodes} nodes", "dim")
            yield line(
                Span("module ", "dim"), f"{shown(branch.path)}  ", said, key=partial(go_to_module, app, branch.path)
            )


def _nodes(app: Workspace, wanted: Filter) -> Iterator[Line]:
    alignment = app.alignments.get(app.state.program)
    for at, unit in enumerate(alignment.units if alignment else ()):
        if alignment is None or unit.left is None:
            continue
        node = alignment.left.nodes[unit.left]
        if wanted.admits(node.name):
            said = (Span(f"  {shown(node.op)}", "dim"), Span(f"  {shown(node.value)}", "value"))
            yield line(Span("node   ", "dim"), shown(node.name), *said, key=partial(go_to_unit, app, at))


def _rules(app: Workspace, wanted: Filter) -> Iterator[Line]:
    for rule_id, module in catalog.modules().items():
        name = module.split("_", 1)[1].replace("_", "-")
        if wanted.admits(f"{rule_id} {name}"):
            yield line(Span("rule   ", "dim"), f"{rule_id} {name}", key=partial(_show_rule, app, rule_id))


def _show_rule(app: Workspace, rule_id: str) -> None:
    rule = catalog.rule(rule_id)
    app.push_screen(Sheet(f"{rule.id} {rule.name}", partial(rule_lines, rule)))
