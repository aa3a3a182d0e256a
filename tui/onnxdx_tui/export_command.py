"""`onnxdx export`: a model to a verified ONNX file, or the list of what stands in the way."""

from __future__ import annotations

import enum
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxdx_diagnostics.changes import CutShort, Refused
from onnxdx_diagnostics.comparison import compare
from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import MODEL, RunDirectory
from onnxdx_tui import one_run, outputs
from onnxdx_tui.answer import Answer
from onnxdx_tui.asked import FILE, Asked, asks_export, choice, read_settings
from onnxdx_tui.ending import Ending
from onnxdx_tui.exit_code import ExitCode, of_report
from onnxdx_tui.fixing import Fixed, applied, plan_of_registry

if TYPE_CHECKING:
    from onnxdx_diagnostics.graphs import Graphs


class Format(enum.Enum):
    """What the answer on standard output is."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


@dataclass(frozen=True, kw_only=True)
class Wish(Asked):
    """What the command line asks for; the fields are its options."""

    output: Path | None
    sarif: Path | None
    run_dir: Path | None
    explain: bool
    format: Format
    no_weights: bool
    fix: bool
    fixes: bool | None
    fix_budget: float

    def check(self) -> None:
        """Raise UsageError when something asked for cannot be written."""
        if not self.isolate and self.timeout:
            raise click.UsageError("--timeout needs a process that can be ended; it does not go with --no-isolate.")
        if not self.isolate and self.fix:
            raise click.UsageError("--fix exports twice, each time in a new process; it does not go with --no-isolate.")
        if self.bisect_passes and not self.verify:
            raise click.UsageError("--bisect-passes compares numbers; it does not go with --no-verify.")
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

    @property
    def tries_fixes(self) -> bool:
        """Whether fixes are tried: when it is said so, else where somebody will look at them."""
        shown = self.explain or self.sarif is not None or self.format in (Format.JSON, Format.SARIF)
        return self.fix or (shown if self.fixes is None else self.fixes)


_FORMATS = click.Choice([each.value for each in Format])


@click.command()
@click.argument("target", is_eager=True, callback=read_settings)
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write the model here when it exports without errors.")
@click.option("--sarif", type=FILE, metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@click.option("--run-dir", type=FILE, metavar="DIR", help="Write report, SARIF, graphs, model and events here.")
@click.option("--explain", is_flag=True, help="Tell the whole story of each finding.")
@click.option("--format", type=_FORMATS, default="text", callback=choice(Format), help="What to print. [text]")
@click.option("--fix", is_flag=True, help="Write proven ONNX functions to the registry file, and export with them.")
@click.option(
    "--fixes/--no-fixes",
    default=None,
    help="Try fixes for the findings. [fixes, with --explain, --sarif, --format json and sarif]",
)
@click.option(
    "--fix-budget",
    type=click.FloatRange(min=0),
    default=60.0,
    metavar="SECONDS",
    help="Time for trying fixes; 0 sets no limit. [60]",
)
@asks_export
@click.option("--no-weights", is_flag=True, help="Write the model without its weights: it refers to them by name.")
@click.option(
    "--isolate/--no-isolate", default=True, help="Run in a process of its own, or here for a profiler. [isolate]"
)
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
    run_directory = RunDirectory(wish.run_dir) if wish.run_dir else None
    with _run(wish, run_directory) as (run, staged):
        fixed, reasons = _fixed(run.ending, wish) if wish.fix else (None, ())
        if fixed is None:
            code = _deliver(run.ending, wish, answer, run_directory, staged)
            if wish.fix and not reasons:
                click.echo("--fix found no ONNX function to add", err=True)
    if reasons:
        click.echo("\n".join(("--fix changed nothing:", *(f"  {reason}" for reason in reasons))), err=True)
        code = code or ExitCode.FINDINGS
    if fixed is not None:
        before = run.ending.report
        with _run(wish, run_directory) as (run, staged):
            code = _deliver(run.ending, wish, answer, run_directory, staged)
            click.echo(f"{fixed.said}\n{compare(before, run.ending.report)}", err=True)
    if wish.traceback:
        click.echo(run.tracebacks, err=True, nl=False)
    return code


def _fixed(ending: Ending, wish: Wish) -> tuple[Fixed | None, tuple[str, ...]]:
    """Write every proven ONNX function to the registry file: what was written, or why nothing could be."""
    if ending.code is not ExitCode.CLEAN:
        return None, ()
    planned = plan_of_registry(ending.report, wish.registry_file, wish.root)
    try:
        return (applied(planned, planned.prepared(wish.root)) if planned.remedies else None), ()
    except Refused as refused:
        return None, refused.reasons
    except CutShort as cut:
        return None, (str(cut),)


@contextmanager
def _run(wish: Wish, run_directory: RunDirectory | None) -> Iterator[tuple[one_run.Run, Path | None]]:
    """One export with all that is to be written of it. A run folder has all graphs, SARIF and stories those around
    findings."""
    with ExitStack() as stack:
        staged = _staged(wish, stack)
        models = tuple(str(each) for each in (staged, wish.output and wish.output.absolute()) if each)
        run = one_run.run(
            wish,
            run_directory.listener.path if run_directory else None,
            models=models,
            graphs=wish.run_dir is not None,
            graphs_of_findings=wish.explain or wish.sarif is not None or wish.format is Format.SARIF,
            thorough=wish.explain,
            without_weights=wish.no_weights,
            fixes=("all",) if wish.tries_fixes else (),
            fix_seconds=wish.fix_budget,
        )
        yield stack.enter_context(run), staged


def _deliver(
    ending: Ending,
    wish: Wish,
    answer: Answer,
    run_directory: RunDirectory | None,
    staged: Path | None,
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
