"""Every command of the app, once: its keys, what it does, why it cannot just now, and the command line of it.

Bindings, the footer, `?`, the palette and the table in docs/tui.md are made of this.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from onnxdx_tui.workspace.state import Pane, Phase, State, Tab
from onnxdx_tui.workspace.twins import apply_line, fix_line, report_file


class Place(enum.Enum):
    """Where a command acts, in the order in which help tells them."""

    FINDINGS = "Findings"
    FIXES = "Fixes"
    DIFF = "Diff"
    SOURCE = "Source"
    RUN = "Run"
    LIST = "Lists"
    APP = "Everywhere"


def never(state: State) -> str:
    """The refusal of a command that always works."""
    return ""


@dataclass(frozen=True)
class Command:
    """One command. `refusal` says why it does nothing in a state, or nothing; `twin` is its command line."""

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    place: Place
    refusal: Callable[[State], str] = never
    twin: Callable[[State], str] = never


_SHOWN_KEYS = {
    "enter": "↵",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "shift+tab": "⇧tab",
    "space": "space",
}


def shown_key(key: str) -> str:
    """A key as people read it."""
    return _SHOWN_KEYS.get(key, key)


def needs_run(state: State) -> str:
    """A run must be open."""
    if state.opened is not None:
        return ""
    return state.problem or "there is no run yet"


def needs_finding(state: State) -> str:
    """A finding must be selected."""
    if reason := needs_run(state):
        return reason
    return "" if state.selected else "the run has no findings" if not _findings(state) else "no finding is selected"


def needs_graphs(state: State) -> str:
    """The run must have graphs."""
    if reason := needs_run(state):
        return reason
    if state.opened is not None and state.opened.graphs is None:
        return "the graphs are still being read" if state.graphs_pending else "the run left no graphs"
    return ""


def needs_place(state: State) -> str:
    """The finding must be on a line of a file that is here."""
    if reason := needs_finding(state):
        return reason
    place = state.selected.site.location if state.selected else None
    if place is None:
        return "no source line is known for this finding"
    if state.opened is None or state.opened.file_of(place.path) is None:
        return f"{place.path} is not on this machine"
    return ""


def _findings(state: State) -> bool:
    return state.opened is not None and bool(state.opened.report.findings)


def needs_target(state: State) -> str:
    """There must be something to run."""
    return "" if state.target else "opened from disk, nothing is run; `onnxdx tui TARGET` exports"


def may_run(state: State) -> str:
    """A run can be started."""
    if reason := needs_target(state):
        return reason
    if state.read_only:
        return "read-only: nothing is started"
    return "a run is under way; x cancels it" if state.run.active and state.run.phase is not Phase.TRYING else ""


def may_cancel(state: State) -> str:
    """A run is under way."""
    if state.run.phase is Phase.CANCELLING:
        return "it is being cancelled already"
    return "" if state.run.active else "nothing runs"


def _in(*tabs: Tab) -> Callable[[State], str]:
    def refusal(state: State) -> str:
        if reason := needs_run(state):
            return reason
        wanted = " or ".join(tab.value for tab in tabs)
        return "" if state.tab in tabs else f"this is for {wanted}"

    return refusal


def _in_diff(state: State) -> str:
    return _in(Tab.DIFF)(state) or needs_graphs(state)


def needs_stack(state: State) -> str:
    """The finding must have a stack."""
    if reason := needs_finding(state):
        return reason
    return "" if state.selected and state.selected.site.stack else "the finding has no stack"


def _list_of(pane: Pane) -> Callable[[State], str]:
    def refusal(state: State) -> str:
        return "" if state.pane is pane else f"this is for the pane {pane.name.title()} ({pane.value})"

    return refusal


def _more_hops(state: State) -> str:
    return _in(Tab.GRAPH, Tab.DIFF)(state) or needs_graphs(state)


def _explain(state: State) -> str:
    return f"onnxdx explain {report_file(state)}"


def _explain_rule(state: State) -> str:
    return f"onnxdx explain {state.selected.id}" if state.selected else "onnxdx explain RULE"


def _export(state: State) -> str:
    return f"onnxdx export {shlex.quote(state.target)}" if state.target else "onnxdx export TARGET"


def _editor(state: State) -> str:
    place = state.selected.site.location if state.selected else None
    return f"$EDITOR +{place.line} {shlex.quote(place.path)}" if place else "$EDITOR +LINE FILE"


def needs_fix(state: State) -> str:
    """A way out must be selected."""
    return needs_finding(state) or ("" if state.fix else "no fix is known for this finding")


def may_apply(state: State) -> str:
    """The selected way out can be written to files."""
    if reason := needs_fix(state):
        return reason
    if state.read_only:
        return "read-only: nothing is written"
    if state.fix is None or not state.fix.edits:
        return "this is advice to follow by hand; e opens the line"
    return "a run is under way; x cancels it" if state.run.active and state.run.phase is not Phase.TRYING else ""


def _may_change(count: Callable[[State], int], nothing: str) -> Callable[[State], str]:
    def refusal(state: State) -> str:
        if state.read_only:
            return "read-only: nothing is written"
        if not count(state):
            return nothing
        return "a run is under way; x cancels it" if state.run.active and state.run.phase is not Phase.TRYING else ""

    return refusal


_TABLE: Iterable[Command] = (
    # Findings
    Command("group", ("b",), "Group", "group findings by severity, rule, pass or module", Place.FINDINGS, needs_run),
    Command(
        "previous",
        ("[",),
        "Previous finding",
        "select the finding before, from any pane",
        Place.FINDINGS,
        needs_finding,
    ),
    Command("next", ("]",), "Next finding", "select the finding after, from any pane", Place.FINDINGS, needs_finding),
    Command(
        "rule",
        ("o",),
        "Explain the rule",
        "what the rule means, why it stops the export, how to fix it",
        Place.FINDINGS,
        needs_finding,
        _explain_rule,
    ),
    # Fixes
    Command(
        "preview",
        ("v",),
        "Preview the fix",
        "the change as a diff, what was tried, and the command line",
        Place.FIXES,
        needs_fix,
        fix_line,
    ),
    Command(
        "apply",
        ("a",),
        "Apply",
        "write the fix to the files after a look at the diff, and rerun",
        Place.FIXES,
        may_apply,
        apply_line,
    ),
    Command(
        "undo",
        ("u",),
        "Undo",
        "give the files of the last fix every byte back, and rerun",
        Place.FIXES,
        _may_change(lambda state: state.applied, "no fix was applied"),
        lambda state: "onnxdx fix --undo",
    ),
    Command(
        "redo",
        ("U",),
        "Redo",
        "apply again what was undone, and rerun",
        Place.FIXES,
        _may_change(lambda state: state.undone, "nothing was undone"),
    ),
    # Diff
    Command(
        "difference", ("n",), "Next difference", "next difference, or next match of a search", Place.DIFF, _in_diff
    ),
    Command(
        "difference-back",
        ("N",),
        "Previous difference",
        "previous difference, or match of a search",
        Place.DIFF,
        _in_diff,
    ),
    Command(
        "more", ("}",), "More context", "more rows around differences; in Graph one more hop", Place.DIFF, _more_hops
    ),
    Command(
        "less", ("{",), "Less context", "fewer rows around differences; in Graph one hop less", Place.DIFF, _more_hops
    ),
    Command("side", ("s",), "Side by side or inline", "FX and ONNX in two columns, or in one", Place.DIFF, _in_diff),
    Command(
        "program",
        ("p",),
        "Captured or decomposed",
        "compare ONNX with the captured or the decomposed program",
        Place.DIFF,
        _in_diff,
    ),
    Command("here", ("c",), "Centre", "back to the node of the finding", Place.DIFF, needs_finding),
    # Source
    Command("frame-out", ("(",), "Outer frame", "the frame that called this one", Place.SOURCE, needs_stack),
    Command("frame-in", (")",), "Inner frame", "the frame that this one called", Place.SOURCE, needs_stack),
    Command("edit", ("e",), "Edit", "open the line in $EDITOR", Place.SOURCE, needs_place, _editor),
    # Run
    Command(
        "rerun", ("r",), "Rerun", "export again; what has not changed is not done again", Place.RUN, may_run, _export
    ),
    Command(
        "rerun-anew",
        ("R",),
        "Rerun from scratch",
        "export again in a new process, nothing kept of earlier runs",
        Place.RUN,
        may_run,
        _export,
    ),
    Command("cancel", ("x",), "Cancel", "end the run under way", Place.RUN, may_cancel),
    Command(
        "watch",
        ("w",),
        "Watch",
        "export again whenever a Python file of the project changes",
        Place.RUN,
        needs_target,
        _export,
    ),
    Command(
        "compare", ("d",), "Compare runs", "what became of the findings since an earlier run", Place.RUN, needs_run
    ),
    # Lists
    Command("up", ("up", "k"), "Up", "one row up", Place.LIST),
    Command("down", ("down", "j"), "Down", "one row down", Place.LIST),
    Command("page-up", ("pageup",), "Page up", "one page up", Place.LIST),
    Command("page-down", ("pagedown", "space"), "Page down", "one page down", Place.LIST),
    Command("first", ("home", "g"), "First row", "to the first row", Place.LIST),
    Command("last", ("end", "G"), "Last row", "to the last row", Place.LIST),
    Command("left", ("left", "h"), "Left", "close a branch, or move the rows to the right", Place.LIST),
    Command("right", ("right", "l"), "Right", "open a branch, or move the rows to the left", Place.LIST),
    Command("open", ("enter",), "Open", "open what the row stands for; unfold a fold", Place.LIST, needs_run),
    Command(
        "filter",
        ("/",),
        "Filter or search",
        "filter a list, search a text; ! inverts, ~ takes letters in order",
        Place.LIST,
        needs_run,
    ),
    # Everywhere
    Command("findings", ("1",), "Findings", "to the findings", Place.APP),
    Command("fixes", ("2",), "Fixes", "to the ways out of the finding", Place.APP),
    Command("modules", ("3",), "Modules", "to the tree of modules", Place.APP),
    Command("main", ("0",), "Main pane", "to the main pane", Place.APP),
    Command("diff", ("4",), "Diff tab", "FX beside ONNX", Place.APP, needs_run),
    Command("graph", ("5",), "Graph tab", "the node and its neighbours", Place.APP, needs_run),
    Command("source", ("6",), "Source tab", "the user's code around the finding", Place.APP, needs_run),
    Command("values", ("7",), "Values tab", "verdict, comparisons with eager, passes", Place.APP, needs_run, _explain),
    Command("log", ("8",), "Log tab", "events and what the user's code printed", Place.APP),
    Command("tab-right", (".",), "Next tab", "the next tab of the main pane", Place.APP),
    Command("tab-left", (",",), "Previous tab", "the tab before", Place.APP),
    Command("zoom", ("+",), "Zoom", "the pane alone on the screen, or all panes", Place.APP),
    Command("copy", ("y",), "Copy", "copy a node, a place, a finding, a diff, a command line", Place.APP, needs_run),
    Command("jump", ("J", "ctrl+o"), "Jump", "a label with its key on every pane and tab", Place.APP),
    Command("palette", (":", "ctrl+p"), "Commands", "find a command, node, module or rule by name", Place.APP),
    Command("help", ("?",), "All keys", "every key, and why some do nothing now", Place.APP),
    Command("theme", ("T",), "Theme", "the next theme", Place.APP),
    Command("back", ("escape",), "Back", "close, clear the filter, or go back; never quits", Place.APP),
    Command("quit", ("q",), "Quit", "leave; a run under way is asked about", Place.APP),
)

COMMANDS = {command.id: command for command in _TABLE}


def key_table() -> str:
    """All commands as a table in Markdown, by the place where they act."""
    rows = []
    for place in Place:
        rows += [f"\n### {place.value}\n", "| key | command | what it does |", "|---|---|---|"]
        for command in (each for each in COMMANDS.values() if each.place is place):
            keys = " ".join(f"`{shown_key(key)}`" for key in command.keys)
            rows.append(f"| {keys} | {command.title} | {command.help} |")
    return "\n".join(rows).lstrip("\n") + "\n"
