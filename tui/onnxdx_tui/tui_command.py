"""`onnxdx tui`: a run, or a target and its runs, on the screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from onnxdx_tui.workspace.opened import NoRun, is_run, open_run


@click.command()
@click.argument("what", metavar="RUN|TARGET")
@click.option("--read-only", is_flag=True, help="Start and write nothing.")
@click.option("--theme", metavar="NAME", default="", help="Theme to begin with; T changes it.")
@click.option("--traceback", is_flag=True, hidden=True)
def tui(what: str, read_only: bool, theme: str, traceback: bool) -> int:
    """Show a run: a run folder, its run.json, or a SARIF file of onnxdx. Nothing in them is executed."""
    path = Path(what)
    if not is_run(path):
        raise click.UsageError(f"{what} is no run: neither a run folder, nor a report, nor a SARIF log.")
    if reason := _no_screen():
        return _plain(path, reason)
    plain = "NO_COLOR" in os.environ
    from onnxdx_tui.workspace.app import Workspace

    return Workspace(path, read_only=read_only, theme=theme, plain=plain).run() or 0


def _no_screen() -> str:
    """Why nothing can be drawn on this terminal, or nothing. The app paints on standard error."""
    if sys.__stdin__ is None or not sys.__stdin__.isatty():
        return "standard input is no terminal"
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        return "standard error, which it would be painted on, is no terminal"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "TERM says that this terminal cannot be painted on"
    return ""


def _plain(path: Path, reason: str) -> int:
    """The report as text, for want of a screen."""
    from onnxdx_diagnostics.render import render_report
    from onnxdx_tui.answer import Answer

    click.echo(f"onnxdx tui: {reason}; the report follows as text", err=True)
    try:
        opened = open_run(path)
    except NoRun as error:
        raise click.UsageError(f"{error}.") from None
    answer = Answer(alone=False)
    with answer:
        render_report(opened.report, answer.console())
    return 0
