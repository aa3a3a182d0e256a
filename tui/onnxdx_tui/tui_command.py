"""`onnxdx tui`: a run, or a target and its runs, on the screen."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from onnxdx_diagnostics.worker_protocol import Job
from onnxdx_tui.export_command import export
from onnxdx_tui.workspace.opened import NoRun, is_run, open_run

_OF_EXPORT = ("target", "opset", "functions", "dynamic", "input", "verify", "optimize", "training", "registry")
"""The options of an export that a run on the screen has as well."""

_STEP_SECONDS = 600.0
_FIX_SECONDS = 120.0


@dataclass(frozen=True)
class Wish:
    """The target that is exported, and how."""

    target: str
    root: Path
    registry: Path | None
    options: dict[str, Any]

    def job(self, events: Path) -> Job:
        """What a worker is to do: everything that can be looked at, and no model on the disk."""
        return Job(
            target=self.target,
            root=str(self.root),
            events=str(events),
            graphs=True,
            registry=str(self.registry.absolute()) if self.registry else "",
            argv=tuple(sys.argv),
            seconds=_STEP_SECONDS,
            **self.options,
        )


@click.command(params=[parameter for parameter in export.params if parameter.name in _OF_EXPORT])
@click.option("--read-only", is_flag=True, help="Start and write nothing: for a run to be looked at.")
@click.option("--theme", metavar="NAME", default="", help="Theme to begin with; T changes it.")
@click.option("--traceback", is_flag=True, hidden=True)
@click.pass_context
def tui(
    ctx: click.Context,
    /,
    target: str,
    read_only: bool,
    theme: str,
    traceback: bool,
    registry: Path | None,
    **given: Any,
) -> int:
    """Export TARGET and show on the screen what comes of it, or show a run that there is.

    TARGET is what `onnxdx export` takes. In its place stands a run folder, a run.json or a SARIF file of onnxdx; of
    these nothing is executed. The keys are told by `?`.
    """
    path = Path(target)
    saved = is_run(path)
    if not saved and path.is_dir():
        raise click.UsageError(f"{target} is no run folder: it has no run.json, no report.sarif and no events.ndjson.")
    if not saved and read_only:
        raise click.UsageError("--read-only starts no export; it takes a run folder, a run.json or a SARIF file.")
    if reason := _no_screen():
        return _plain(path if saved else None, reason)
    from onnxdx_tui.workspace.app import Workspace

    wish = None if saved else Wish(target, ctx.obj, registry, given)
    plain = "NO_COLOR" in os.environ
    app = Workspace(
        path if saved else None, wanted=wish, root=ctx.obj, read_only=read_only, theme=theme, plain=plain
    )  # fmt: skip
    return app.run() or 0


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
