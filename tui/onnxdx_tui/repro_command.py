"""`onnxdx repro`: from a finding, a script that shows it on its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.events import Event, EventKind, all_of
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import EVENTS
from onnxdx_diagnostics.selection import SYNTAX
from onnxdx_diagnostics.visible import visible
from onnxdx_diagnostics.worker_protocol import REPROS, Job, ReproTold
from onnxdx_tui import outputs
from onnxdx_tui.asked import registry_to_load
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.ending import ending_of
from onnxdx_tui.exit_code import ExitCode
from onnxdx_tui.export_command import export
from onnxdx_tui.progress import Progress
from onnxdx_tui.stop import Stop
from onnxdx_tui.worker_process import Ended, WorkerProcess

_SCRIPT = "repro.py"
_OF_EXPORT = ("target", "opset", "functions", "dynamic", "input", "verify", "optimize", "training", "registry")
"""What an export finds depends on these options, and a repro is of an export."""


@click.command(params=[parameter for parameter in export.params if parameter.name in _OF_EXPORT])
@click.option("--finding", default="1", metavar="WHICH", help=f"Which finding: {SYNTAX}. [1]")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write here, a folder for each.")
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=120.0, metavar="SECONDS", help="Time for each finding. [120]"
)
@click.pass_context
def repro(ctx: click.Context, /, **given: Any) -> int:
    """Make a small script of a finding of TARGET that shows it on its own, without your files, weights or data.

    The script holds the operator of the finding, or the smallest module that shows it, with inputs and weights drawn
    in the same shapes and dtypes. It was run before it is given: its exit code is 0 when the finding shows. Without
    --output it is printed.

    Exit codes: 0 every script shows its finding, 1 for some there is none, 2 wrong usage, 3 internal error.
    """
    output: Path | None = given.pop("output")
    wanted, seconds = given.pop("finding"), given.pop("seconds")
    if output is not None:
        outputs.check_folder(output, "--output")
    outputs.check_temporary()
    with tempfile.TemporaryDirectory(prefix="onnxdx-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        registry: Path | None = given.pop("registry")
        job = Job(
            **given,
            root=str(ctx.obj),
            events=str(folder / EVENTS),
            registry=registry_to_load(registry, ctx.obj),
            repro=wanted,
            repro_seconds=seconds,
            argv=tuple(sys.argv),
            # each finding has its own time, and the step holds all of them
            seconds=0.0,
        )
        return _made(job, folder, output)


def _made(job: Job, folder: Path, output: Path | None) -> int:
    chronicle = Chronicle(job.target, Path(job.root))
    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        with Progress() as progress:
            listener = all_of(chronicle, progress)
            listener(Event(EventKind.STEP_STARTED, "import torch", time.time()))
            ended = stack.enter_context(WorkerProcess(job, folder, listener, stop).running())
    ending = ending_of(ended, chronicle, job, folder)
    answer = ended.answer
    if ending.code is not ExitCode.CLEAN:
        return _failed(ending.report, ending.code)
    if answer is None or answer.report is None:
        return _failed(ending.report, ExitCode.FINDINGS)
    if answer.unselected:
        raise click.UsageError(answer.unselected)
    return _delivered(ended, answer.report, folder / REPROS, output)


def _failed(report: Report, code: ExitCode) -> int:
    """The export came to no findings that could be made small: say what it came to."""
    from onnxdx_diagnostics.render import render_text

    click.echo(render_text(report), err=True)
    return ExitCode.INTERNAL if report.crashed else code


def _delivered(ended: Ended, report: Report, folder: Path, output: Path | None) -> int:
    assert ended.answer is not None
    told = ended.answer.repros
    found = [each for each in told if each.holds]
    if len(found) > 1 and output is None:
        raise click.UsageError(f"{len(found)} findings have a script each; --output DIR takes them.")
    for each in told:
        click.echo(_line(each, report), err=output is None)
        for reason in each.tried:
            click.echo(f"  {visible(reason)}", err=output is None)
    for each in found:
        if output is None:
            click.echo((folder / str(each.number) / _SCRIPT).read_text(encoding="utf-8"), nl=False)
            continue
        place = output / _name(each, report)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder / str(each.number), place)
        click.echo(f"wrote {place}{os.sep}: {', '.join(sorted(path.name for path in place.iterdir()))}")
    return ExitCode.CLEAN if len(found) == len(told) else ExitCode.FINDINGS


def _line(told: ReproTold, report: Report) -> str:
    finding = report.findings[told.number - 1]
    where = finding.site.location
    place = f" at {shown_path(where.path, report.root)}:{where.line}" if where else ""
    came = f"shown by {told.holds}" if told.holds else "nothing smaller shows it"
    return visible(f"{told.number}. {finding.id} {finding.name}{place}: {came}")


def _name(told: ReproTold, report: Report) -> str:
    return f"{report.findings[told.number - 1].id}-{told.number}"
