"""`onnxdx export`: a model to a verified ONNX file, or the list of what stands in the way."""

from __future__ import annotations

import enum
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind, all_of
from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import EVENTS, MODEL, RunDirectory
from onnxdx_diagnostics.worker_protocol import Job
from onnxdx_tui import outputs, project
from onnxdx_tui.answer import Answer
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.ending import Ending, ending_of
from onnxdx_tui.exit_code import ExitCode, of_report
from onnxdx_tui.progress import Progress
from onnxdx_tui.stop import Stop
from onnxdx_tui.worker_process import WorkerProcess, run_here

if TYPE_CHECKING:
    from onnxdx_diagnostics.graphs import Graphs


class Format(enum.Enum):
    """What the answer on standard output is."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; the fields are its options."""

    root: Path
    target: str
    output: Path | None
    sarif: Path | None
    run_dir: Path | None
    explain: bool
    format: Format
    opset: int
    functions: str
    dynamic: tuple[str, ...]
    input: tuple[str, ...]
    verify: bool
    optimize: bool
    training: bool
    registry: Path | None
    weights: Path | None
    no_weights: bool
    recovery_budget: float
    timeout: float | None
    isolate: bool
    fail_on: Level
    traceback: bool

    def check(self) -> None:
        """Raise UsageError when something asked for cannot be written."""
        if not self.isolate and self.timeout:
            raise click.UsageError("--timeout needs a process that can be ended; it does not go with --no-isolate.")
        if self.weights and self.no_weights:
            raise click.UsageError("--weights and --no-weights do not go together.")
        outputs.check_distinct({"--output": self.output, "--sarif": self.sarif, "--weights": self.weights})
        if self.output:
            outputs.check_file(self.output, "--output")
        if self.sarif:
            outputs.check_file(self.sarif, "--sarif")
        if self.run_dir:
            outputs.check_folder(self.run_dir, "--run-dir")
        outputs.check_temporary()

    def job(self, events: Path, models: tuple[Path, ...]) -> Job:
        """What a worker is to do. A run folder has all graphs, SARIF and stories what is around findings."""
        return Job(
            target=self.target,
            root=str(self.root),
            events=str(events),
            models=tuple(map(str, models)),
            graphs=self.run_dir is not None,
            graphs_of_findings=self.explain or self.sarif is not None or self.format is Format.SARIF,
            opset=self.opset,
            functions=self.functions,
            dynamic=self.dynamic,
            input=self.input,
            verify=self.verify,
            optimize=self.optimize,
            training=self.training,
            registry=str(self.registry.absolute()) if self.registry else "",
            weights=str(self.weights.absolute()) if self.weights else "",
            without_weights=self.no_weights,
            recovery_budget=self.recovery_budget,
            thorough=self.explain,
            argv=tuple(sys.argv),
            seconds=_TIMEOUT if self.timeout is None else self.timeout,
        )


def _settings(ctx: click.Context, parameter: click.Parameter, target: str) -> str:
    """Read the defaults of the target's project before the other options are looked at."""
    root = project.root_of(target)
    ctx.obj = root
    ctx.default_map = {**project.settings(root, ctx.command, ctx), **(ctx.default_map or {})}
    return target


def _choice(kind: type[enum.Enum]) -> Callable[..., Any]:
    return lambda ctx, parameter, value: kind(value)


_TIMEOUT = 600.0
_INPUT_HELP = "Input of a module: 'float32[2,3]', 'ids=int64[2,8]{0..100}', '0.5'. Repeatable."
_FILE = click.Path(path_type=Path)
_LEVELS = click.Choice([level.value for level in reversed(Level)])
_FORMATS = click.Choice([each.value for each in Format])
_FUNCTIONS = click.Choice(["none", "modules", "aten", "all"])


@click.command()
@click.argument("target", is_eager=True, callback=_settings)
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="Write the model here when it exports without errors.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@click.option("--run-dir", type=_FILE, metavar="DIR", help="Write report, SARIF, graphs, model and events here.")
@click.option("--explain", is_flag=True, help="Tell the whole story of each finding.")
@click.option("--format", type=_FORMATS, default="text", callback=_choice(Format), help="What to print. [text]")
@click.option("--opset", type=int, default=20, help="ONNX opset of the model. [20]")
@click.option(
    "--functions", type=_FUNCTIONS, default="none", help="What ONNX functions stand for; none is a flat graph. [none]"
)
@click.option(
    "--dynamic", multiple=True, metavar="SPEC", help="Dynamic dims: 'x[batch,seq]', 'x[batch{1..64},_]'. Repeatable."
)
@click.option("--input", multiple=True, metavar="SPEC", help=_INPUT_HELP)
@click.option("--verify/--no-verify", default=True, help="Compare with eager in ONNX Runtime. [verify]")
@click.option("--optimize/--no-optimize", default=True, help="Fold constants, merge and drop nodes. [optimize]")
@click.option("--training/--no-training", default=False, help="Keep the module's mode. [no-training: eval mode]")
@click.option(
    "--registry",
    type=_FILE,
    metavar="FILE",
    help="Python file with your ONNX functions, in `registry = OnnxRegistry()`.",
)
@click.option(
    "--weights",
    type=_FILE,
    metavar="FILE",
    help="Stream the weights from this checkpoint: .safetensors, torch.save, index of shards.",
)
@click.option("--no-weights", is_flag=True, help="Write the model without its weights: it refers to them by name.")
@click.option(
    "--recovery-budget",
    type=click.FloatRange(min=0),
    default=300.0,
    metavar="SECONDS",
    help="Time for finding what stands behind a failed capture. [300]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help=f"Limit for each pass; 0 sets none. [{_TIMEOUT:g}]",
)
@click.option(
    "--isolate/--no-isolate", default=True, help="Run in a process of its own, or here for a profiler. [isolate]"
)
@click.option(
    "--fail-on", type=_LEVELS, default="error", callback=_choice(Level), help="Exit with 1 from here on. [error]"
)
@click.option("--traceback", is_flag=True, help="Show Python's traceback of what went wrong.")
@click.pass_context
def export(ctx: click.Context, /, **given: Any) -> int:
    """Export TARGET to ONNX and prove the result, or name everything that stands in the way.

    TARGET is path/to/file.py:NAME or package.module:NAME, where NAME is a function that returns (model, args),
    (model, args, kwargs) or (model, args, kwargs, dynamic_shapes), or an nn.Module used with --input; or a .pt2 file.

    Exit codes: 0 clean, 1 findings, 2 wrong usage, 3 internal error, 130 interrupted.
    """
    wish = Wish(root=ctx.obj, **given)
    wish.check()
    answer = Answer(alone=wish.format in (Format.JSON, Format.SARIF))
    chronicle = Chronicle(wish.target, wish.root)
    run_directory = RunDirectory(wish.run_dir) if wish.run_dir else None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onnxdx-", ignore_cleanup_errors=True)))
        staged = _staged(wish, stack)
        events = (run_directory.listener if run_directory else EventLog(folder / EVENTS)).path
        job = wish.job(events.absolute(), tuple(filter(None, (staged, wish.output and wish.output.absolute()))))
        stop = stack.enter_context(Stop()) if wish.isolate else None
        with Progress() as progress:
            listener = all_of(chronicle, progress)
            listener(Event(EventKind.STEP_STARTED, "import torch", time.time()))
            run = WorkerProcess(job, folder, listener, stop).running() if stop else run_here(job, folder, listener)
            ended = stack.enter_context(run)
        ending = ending_of(ended, chronicle, job, folder)
        with nullcontext() if stop else Stop():
            code = _deliver(ending, wish, answer, run_directory, staged)
    if wish.traceback:
        click.echo("".join(chronicle.tracebacks) + ending.failure, err=True, nl=False)
    return code


def _deliver(
    ending: Ending, wish: Wish, answer: Answer, run_directory: RunDirectory | None, staged: Path | None
) -> int:
    """Write and print what was asked for."""
    report = ending.report
    code = of_report(report, wish.fail_on) if ending.code is ExitCode.CLEAN else ending.code
    try:
        _write_files(ending, wish, run_directory, staged)
        last = _model_line(ending, wish)
    except OSError as error:
        last, code = f"cannot write {error.filename}: {error.strerror}", ExitCode.FINDINGS
    if ending.unwritten:
        last, code = f"cannot write {ending.unwritten}", ExitCode.FINDINGS
    _print(ending, wish, answer, last)
    if ending.code is ExitCode.INTERRUPTED:
        click.echo("interrupted", err=True)
    return code


def _staged(wish: Wish, stack: ExitStack) -> Path | None:
    """Where the worker puts the model of a run folder, to be moved when the folder is finished."""
    if wish.run_dir is None:
        return None
    folder = tempfile.TemporaryDirectory(prefix=".model.", dir=wish.run_dir.absolute(), ignore_cleanup_errors=True)
    return Path(stack.enter_context(folder)) / MODEL


def _write_files(ending: Ending, wish: Wish, run_directory: RunDirectory | None, staged: Path | None) -> None:
    """Write what was asked for, but for what the worker has written. Raises OSError."""
    if run_directory:
        run_directory.finish(ending.report, ending.graphs, partial(_move_model, staged) if staged else None)
    if wish.sarif:
        from onnxdx_diagnostics.sarif.log import write_sarif

        write_sarif(ending.report, wish.sarif, ending.graphs)


def _move_model(staged: Path, path: Path) -> None:
    """Move a model and its external data within one file system."""
    for part in (*outputs.data_of(staged), staged):
        if part.exists():
            os.replace(part, path.parent / part.name)


def _model_line(ending: Ending, wish: Wish) -> str:
    """What became of the model, in one line."""
    report = ending.report
    if not report.exported:
        return "no model file written"
    path = wish.output or (wish.run_dir / MODEL if wish.run_dir else None)
    if path is None:
        return "no model file written; -o FILE writes one"
    if report.count(Level.ERROR):
        return f"no model file written: {path} would hold a model with errors"
    return f"wrote {path} ({outputs.size_of(path)})"


def _print(ending: Ending, wish: Wish, answer: Answer, last: str) -> None:
    report = ending.report
    match wish.format:
        case Format.JSON:
            answer.write(report.to_json())
        case Format.SARIF:
            answer.write(json.dumps(report.to_sarif(ending.graphs), ensure_ascii=False))
        case Format.GITHUB:
            from onnxdx_diagnostics.annotations import workflow_commands
            from onnxdx_diagnostics.render import summary_line

            answer.write("\n".join([*workflow_commands(report), summary_line(report), last]))
        case Format.TEXT:
            _print_text(report, ending.graphs, wish, answer, last)


def _print_text(report: Report, graphs: Graphs | None, wish: Wish, answer: Answer, last: str) -> None:
    with answer:
        console = answer.console()
        if wish.explain:
            from onnxdx_diagnostics.story import render_story

            render_story(report, console, graphs)
        else:
            from onnxdx_diagnostics.render import render_report

            render_report(report, console)
        answer.line(last)
