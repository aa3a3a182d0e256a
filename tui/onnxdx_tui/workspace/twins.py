"""The command lines that do what the app does, ready to be copied."""

from __future__ import annotations

import shlex

from onnxdx_diagnostics.rundir import REPORT
from onnxdx_tui.workspace.fix_rows import LETTERS
from onnxdx_tui.workspace.opened import near
from onnxdx_tui.workspace.state import State


def report_file(state: State) -> str:
    """The file that the command line reads this run from."""
    if state.opened is None:
        return "RUN"
    path = state.opened.path
    return shlex.quote(near(path / REPORT if path.is_dir() else path))


def fix_line(state: State) -> str:
    """`onnxdx fix` for the selected way of the selected finding."""
    if state.selected is None:
        return ""
    return f"onnxdx fix {report_file(state)} --finding {(state.finding or 0) + 1} --fix {LETTERS[state.way % 26]}"
