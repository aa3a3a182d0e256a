"""`onnxdx export`: a model to a verified ONNX file, or the list of what stands in the way."""

from __future__ import annotations

import enum
import json
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxdx_diagnostics.events import Event, Listener
from onnxdx_diagnostics.finding import Level, Site
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.rules.dx902_run_interrupted import RunInterrupted
from onnxdx_tui import outputs, project
from onnxdx_tui.answer import Answer
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.exit_code import ExitCode, of_report
from onnxdx_tui.progress import Progress

if TYPE_CHECKING:
    from onnxdx.program import ONNXProgram
    from onnxdx.request import ExportRequest, FunctionsMode
    from onnxdx_diagnostics.graphs import Graphs
    from onnxdx_diagnostics.rundir import RunDirectory


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
    functions: FunctionsMode
    dynamic: tuple[str, ...]
    input: tuple[str, ...]
    verify: bool
    optimize: bool
    training: bool
    fail_on: Level
    traceback: bool

    def check(self) -> None:
        """Raise UsageError when something asked for cannot be written."""
        outputs.check_distinct({"--output": self.output, "--sarif": self.sarif})
        if self.output:
            outputs.check_file(self.output, "--output")
        if self.sarif:
            outputs.check_file(self.sarif, "--sarif")
        if self.run_dir:
            outputs.check_folder(self.run_dir, "--run-dir")

    def shows_graphs(self, report: Report) -> bool:
        """Whether the graphs of the run go anywhere: a run folder has them all, SARIF and stories what is around
        findings.
        """
        told = self.explain or self.sarif is not None or self.format is Format.SARIF
        return self.run_dir is not None or (told and bool(report.findings))

    def request(self) -> ExportRequest:
        """Load the target. Raises TargetError."""
        from onnxdx.request import ExportOptions
        from onnxdx.target import load

        options = ExportOptions(
            opset_version=self.opset,
            functions=self.functions,
            training=self.training,
            optimize=self.optimize,
            verify=self.verify,
        )
        return load(self.target, str(self.root), options, self.input, self.dynamic)


@dataclass(frozen=True)
class _Ending:
    """How an export ended; `failure` is what `--traceback` shows."""

    report: Report
    code: ExitCode
    program: ONNXProgram | None = None
    failure: BaseException | None = None
    graphs: Graphs | None = None


def _settings(ctx: click.Context, parameter: click.Parameter, target: str) -> str:
    """Read the defaults of the target's project before the other options are looked at."""
    root = project.root_of(target)
    ctx.obj = root
    ctx.default_map = {**project.settings(root, ctx.command, ctx), **(ctx.default_map or {})}
    return target


def _choice(kind: type[enum.Enum]) -> Callable[..., Any]:
    return lambda ctx, parameter, value: kind(value)


_INPUT_HELP = "Input of a module: 'float32[2,3]', 'ids=int64[2,8]{0..100}', '0.5'. Repeatable."
_FILE = click.Path(path_type=Path)
_LEVELS = click.Choice([level.value for level in reversed(Level)])
_FORMATS = click.Choice([each.value for each in Format])
_FUNCTIONS = click.Choice(["none", "modules"])


@click.command()
@click.argument("target", is_eager=True, callback=_settings)
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="Write the model here when it exports without errors.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@click.option("--run-dir", type=_FILE, metavar="DIR", help="Write report, SARIF, graphs, model and events here.")
@click.option("--explain", is_flag=True, help="Tell the whole story of each finding.")
@click.option("--format", type=_FORMATS, default="text", callback=_choice(Format), help="What to print. [text]")
@click.option("--opset", type=int, default=20, help="ONNX opset of the model. [20]")
@click.option(
    "--functions", type=_FUNCTIONS, default="none", help="Module calls as ONNX functions, or a flat graph. [none]"
)
@click.option(
    "--dynamic", multiple=True, metavar="SPEC", help="Dynamic dims: 'x[batch,seq]', 'x[batch{1..64},_]'. Repeatable."
)
@click.option("--input", multiple=True, metavar="SPEC", help=_INPUT_HELP)
@click.option("--verify/--no-verify", default=True, help="Compare with eager in ONNX Runtime. [verify]")
@click.option("--optimize/--no-optimize", default=True, help="Fold constants, merge and drop nodes. [optimize]")
@click.option("--training/--no-training", default=False, help="Keep the module's mode. [no-training: eval mode]")
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
    run_directory = _run_directory(wish.run_dir)
    with Progress() as progress:
        recorded = [run_directory.listener] if run_directory else []
        ending = _run(wish, chronicle, progress, _all(*recorded, chronicle, progress))
    code = _deliver(ending, wish, answer, run_directory)
    if wish.traceback:
        click.echo("".join(chronicle.tracebacks), err=True, nl=False)
    return code


def _run(wish: Wish, chronicle: Chronicle, progress: Progress, listener: Listener) -> _Ending:
    try:
        progress.step("import torch")
        from onnxdx import pipeline
        from onnxdx.target_error import TargetError, TargetMisnamed

        progress.step("load target")
        try:
            request = wish.request()
        except TargetError as error:
            code = ExitCode.USAGE if isinstance(error, TargetMisnamed) else ExitCode.FINDINGS
            return _Ending(chronicle.report("the target gives no model", error.finding), code, failure=error.__cause__)
        progress.done()
        program, report = pipeline.run(request, listener)
        graphs = program.graphs() if program and wish.shows_graphs(report) else None
    except KeyboardInterrupt as stop:
        finding = RunInterrupted(Site(), chronicle.doing)
        return _Ending(chronicle.report("the run was interrupted", finding), ExitCode.INTERRUPTED, failure=stop)
    except Exception as error:
        return _Ending(chronicle.report("onnxdx failed", _crash(error)), ExitCode.INTERNAL, failure=error)
    return _Ending(report, ExitCode.CLEAN, program, graphs=graphs)


def _crash(error: Exception) -> InternalError:
    """What went wrong outside of the passes, as the finding that it is."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    reason = f"{type(error).__name__}: {error}".split("\n", 1)[0]
    return InternalError(Site(), "start", reason, f"{frame.filename}:{frame.lineno} in {frame.name}")


def _deliver(ending: _Ending, wish: Wish, answer: Answer, run_directory: RunDirectory | None) -> int:
    """Write and print what was asked for; a second Ctrl-C does not cut it in half."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return _delivered(ending, wish, answer, run_directory)
    finally:
        signal.signal(signal.SIGINT, before)


def _delivered(ending: _Ending, wish: Wish, answer: Answer, run_directory: RunDirectory | None) -> int:
    report = ending.report
    code = of_report(report, wish.fail_on) if ending.code is ExitCode.CLEAN else ending.code
    try:
        last = _write_files(ending, wish, run_directory)
    except OSError as error:
        last, code = f"cannot write {error.filename}: {error.strerror}", ExitCode.FINDINGS
    _print(ending, wish, answer, last)
    if ending.code is ExitCode.INTERRUPTED:
        click.echo("interrupted", err=True)
    if wish.traceback and ending.failure is not None:
        click.echo("".join(traceback.format_exception(ending.failure)), err=True, nl=False)
    return code


def _write_files(ending: _Ending, wish: Wish, run_directory: RunDirectory | None) -> str:
    """Write what was asked for; what became of the model, in one line. Raises OSError."""
    if run_directory:
        run_directory.finish(ending.report, ending.graphs, ending.program.save if ending.program else None)
    if wish.sarif:
        from onnxdx_diagnostics.sarif.log import write_sarif

        write_sarif(ending.report, wish.sarif, ending.graphs)
    return _write_model(ending, wish)


def _write_model(ending: _Ending, wish: Wish) -> str:
    """Write the model where it was asked for, and say so in one line."""
    report, program = ending.report, ending.program
    if program is None or not report.exported:
        return "no model file written"
    path = wish.output or (wish.run_dir / "model.onnx" if wish.run_dir else None)
    if path is None:
        return "no model file written; -o FILE writes one"
    if report.count(Level.ERROR):
        return f"no model file written: {path} would hold a model with errors"
    if wish.output:
        program.save(wish.output)
    return f"wrote {path} ({outputs.size_of(path)})"


def _print(ending: _Ending, wish: Wish, answer: Answer, last: str) -> None:
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


def _run_directory(path: Path | None) -> RunDirectory | None:
    if path is None:
        return None
    from onnxdx_diagnostics.rundir import RunDirectory

    return RunDirectory(path)


def _all(*listeners: Listener) -> Listener:
    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return listen
