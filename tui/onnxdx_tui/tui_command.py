"""`onnxdx tui`: a run, or a target and its runs, on the screen."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from onnxdx_diagnostics.worker_protocol import Job
from onnxdx_tui.asked import Asked, asks_export, read_settings
from onnxdx_tui.workspace.opened import NoRun, is_run, open_run
from onnxdx_tui.workspace.state import THEMES


@dataclass(frozen=True)
class Shown:
    """A target that is exported to be looked at: with its graphs, and no model on the disk."""

    asked: Asked

    @property
    def target(self) -> str:
        """The target, as the command line has it."""
        return self.asked.target

    @property
    def root(self) -> Path:
        """The project."""
        return self.asked.root

    def job(self, events: Path) -> Job:
        """What a worker is to do."""
        return self.asked.job(events, graphs=True)


@click.command()
@click.argument("target", metavar="TARGET|RUN", is_eager=True, callback=read_settings)
@click.option(
    "--read-only/--read-write",
    default=None,
    help="Start and write nothing: for a run to be looked at. [read-write; in a browser read-only]",
)
@click.option("--theme", type=click.Choice(THEMES), help="Theme to begin with; T changes it. [that of the last time]")
@asks_export
@click.pass_context
def tui(ctx: click.Context, /, target: str, read_only: bool | None, theme: str | None, **given: Any) -> int:
    """Export TARGET and show on the screen what comes of it, or show a RUN that there is.

    TARGET is what `onnxdx export` takes. In its place stands a run folder, a run.json or a SARIF file of onnxdx; of
    these nothing is executed. The keys are told by `?`.
    """
    path = Path(target)
    saved = is_run(path)
    in_browser = "TEXTUAL_DRIVER" in os.environ
    read_only = in_browser if read_only is None else read_only
    if not saved and path.is_dir():
        raise click.UsageError(f"{target} is no run folder: it has no run.json, no report.sarif and no events.ndjson.")
    if not saved and read_only:
        raise click.UsageError("Read-only starts no export; it takes a run folder, a run.json or a SARIF file.")
    if reason := "" if in_browser else _no_screen():
        return _plain(path if saved else None, reason)
    plain = "NO_COLOR" in os.environ
    if "SSH_CONNECTION" in os.environ:
        os.environ |= {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
    # a key waits for the frame that shows it, and what follows from it for the next one
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from onnxdx_tui.workspace.app import Workspace

    app = Workspace(
        path if saved else None,
        wanted=None if saved else Shown(Asked(root=ctx.obj, target=target, **given)),
        root=ctx.obj,
        read_only=read_only,
        theme=theme or "",
        plain=plain,
    )
    if plain:
        os.environ["NO_COLOR"] = "1"  # which textual takes away, and the user's code may want to know
    code = app.run()
    return code if code is not None else app.return_code or 0


def _no_screen() -> str:
    """Why nothing can be drawn on this terminal, or nothing. The app paints on standard error."""
    if sys.__stdin__ is None or not sys.__stdin__.isatty():
        return "standard input is no terminal"
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        return "standard error, which it would be painted on, is no terminal"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "TERM says that this terminal cannot be painted on"
    return ""


def _plain(path: Path | None, reason: str) -> int:
    """The report as text, for want of a screen."""
    if path is None:
        raise click.UsageError(f"{reason[0].upper()}{reason[1:]}; `onnxdx export` exports without a screen.")
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
