"""The command lines that do what the app does, ready to be copied."""

from __future__ import annotations

import shlex

from onnxdx_diagnostics.rundir import REPORT
from onnxdx_diagnostics.selection import name_of
from onnxdx_tui.workspace.opened import near
from onnxdx_tui.workspace.state import State


def report_file(state: State) -> str:
    """The file that the command line reads this run from."""
    if state.opened is None:
        return "RUN"
    path = state.opened.path
    return shlex.quote(near(path / REPORT if path.is_dir() else path))


def fix_line(state: State) -> str:
    """`onnxdx fix` for the selected finding."""
    if state.selected is None:
        return ""
    subject = shlex.quote(state.target) if state.target else report_file(state)
    return f"onnxdx fix {subject} --finding {shlex.quote(_name(state))}"


def _name(state: State) -> str:
    return name_of(state.selected) if state.selected is not None else ""


def apply_line(state: State) -> str:
    """The same, with what is proven written to the files."""
    return f"{fix_line(state)} --apply" if state.selected is not None else ""


def repro_line(state: State) -> str:
    """`onnxdx repro` for the selected finding."""
    if state.selected is None:
        return ""
    target = state.target or (state.opened.report.target if state.opened else "")
    return f"onnxdx repro {shlex.quote(target)} --finding {shlex.quote(_name(state))}"
