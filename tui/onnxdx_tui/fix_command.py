"""`onnxdx fix`: what would make findings go away, tried, shown, and applied when that is wanted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from onnxdx_diagnostics.changes import CutShort, Prepared, Refused, belongs
from onnxdx_diagnostics.comparison import compare
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.remedies import Plan, plan
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import REPORT
from onnxdx_diagnostics.selection import SYNTAX, NothingSelected, selected
from onnxdx_diagnostics.visible import visible
from onnxdx_tui import fixing, project
from onnxdx_tui.answer import Answer
from onnxdx_tui.asked import Asked, asks_export, read_settings
from onnxdx_tui.exit_code import ExitCode, of_report
from onnxdx_tui.fix_run import fix_run
from onnxdx_tui.fixing import Fixed


@dataclass(frozen=True, kw_only=True)
class Wish(Asked):
    """What the command line asks for; the fields are its options."""

    finding: tuple[str, ...]
    apply: bool
    diff: bool
    yes: bool

    @property
    def report_file(self) -> Path | None:
        """The saved report that is meant; None when the target is a model."""
        path = Path(self.target)
        if path.is_dir() or path.suffix in (".json", ".sarif"):
            return path / REPORT if path.is_dir() else path
        return None


@click.command()
@click.argument("target", metavar="[TARGET|REPORT]", required=False, is_eager=True, callback=read_settings)
@click.option("--finding", multiple=True, metavar="WHICH", help=f"{SYNTAX[0].upper()}{SYNTAX[1:]}. Repeatable. [all]")
@click.option("--apply", is_flag=True, help="Write the best proven fix of each finding to your files; export again.")
@click.option("--diff", is_flag=True, help="Print what --apply would write as one unified diff, and nothing else.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before files are written.")
@click.option("--undo", is_flag=True, help="Give the files of the last change back every byte that they had.")
@click.option("--resume", is_flag=True, help="End a change that was cut short.")
@asks_export
@click.pass_context
def fix(ctx: click.Context, /, target: str | None, undo: bool, resume: bool, **given: Any) -> int:
    """Export TARGET, try fixes for what is found, and show them; with --apply, write them to your files.

    A fix is `proven` when it was applied, exported and computed the same numbers; only such fixes are applied, all of
    them or none. Of a saved REPORT (run.json, or a run folder) nothing is executed, and nothing is applied where the
    lines are not what they were.

    Exit codes: 0 clean, 1 findings or nothing could be written, 2 wrong usage, 3 internal error, 130 interrupted.
    """
    if undo or resume:
        if undo and resume:
            raise click.UsageError("--undo and --resume are opposites.")
        return _told(lambda: _settled(ctx.obj, undo))
    if target is None:
        raise click.UsageError("Missing argument 'TARGET|REPORT'.")
    wish = Wish(root=ctx.obj, target=target, **given)
    return _told(lambda: _fix_report(wish, wish.report_file) if wish.report_file else _fix_target(wish))


def _settled(root: Path, undo: bool) -> int:
    Answer(alone=False).write(fixing.undone(root) if undo else fixing.resumed(root))
    return ExitCode.CLEAN


def _told(work: Callable[[], int]) -> int:
    """The exit code of `work`; that something cannot be written is told, and no fault of ours."""
    try:
        return work()
    except Refused as refused:
        said = ("nothing was changed:", *(f"  {reason}" for reason in refused.reasons))
    except CutShort as cut:
        said = (str(cut),)
    click.echo("\n".join(said), err=True)
    return ExitCode.FINDINGS


def _fix_target(wish: Wish) -> int:
    """Show and apply fixes of a target's findings; the exit code is that of the last export."""
    with fix_run(wish) as run:
        ending = run.export()
        if wish.traceback:
            click.echo(run.tracebacks, err=True, nl=False)
        report = ending.report
        if ending.code is not ExitCode.CLEAN or not report.findings:
            _print_report(report, "nothing to fix", alone=wish.diff)
            return ending.code or of_report(report, wish.fail_on)
        chosen = _chosen(report, wish.finding)
        tried = run.tried(report, chosen) if report.passes else report  # without a model there is nothing to try
        fixed = _fixed(wish, tried, wish.root)
        if fixed is None:
            return of_report(tried, wish.fail_on)
        ending = run.again()
    after = replace(ending.report, findings=(*ending.report.findings, *run.crashes))
    _print_report(after, f"{fixed.said}\n{compare(report, ending.report)}")
    return ending.code or of_report(after, wish.fail_on)


def _fix_report(wish: Wish, path: Path) -> int:
    """Show and apply fixes that a report holds; nothing is executed."""
    report = _loaded(path)
    if not report.findings:
        _print_report(report, "nothing to fix", alone=wish.diff)
        return of_report(report, wish.fail_on)
    fixed = _fixed(wish, report, _root_of(path, report), believed=False)
    if fixed is None or not fixed.paths:
        return of_report(report, wish.fail_on)
    Answer(alone=False).write(
        f"{fixed.said}\nnot exported again: `onnxdx export {report.target}` tells what came of it"
    )
    return ExitCode.CLEAN


def _fixed(wish: Wish, report: Report, root: Path, *, believed: bool = True) -> Fixed | None:
    """Show what is asked for and write it when that is agreed to; None when nothing is to be written.

    Raises Refused and CutShort.
    """
    chosen = _chosen(report, wish.finding)
    planned = _planned(chosen, root)
    if not wish.diff and not (wish.apply and planned.remedies):
        _print_list(report, chosen, root)
        return None
    ready = planned.prepared(root) if believed else planned.prepared_from_report(root)
    if wish.diff:
        _print_diff(planned, ready)
    else:
        _print_plan(report, planned, ready)
    asks = wish.apply and ready.changes and not wish.yes and sys.stdin.isatty()
    if not wish.apply or not ready.changes or (asks and not click.confirm(f"Write {_names(ready.paths)}?", err=True)):
        return None
    return fixing.applied(planned, ready)


def _planned(chosen: tuple[Finding, ...], root: Path) -> Plan:
    """What can be applied. Files that are not the project's own stand in the way only where there is nothing else."""
    own = plan(chosen, lambda fix: belongs(fix.edits, root))
    return own if own.remedies else plan(chosen)


def _chosen(report: Report, texts: tuple[str, ...]) -> tuple[Finding, ...]:
    """The findings that are meant, in the order of the report. Raises UsageError when a text means none."""
    try:
        meant = [finding for text in texts or ("all",) for finding in selected(report, text)]
    except NothingSelected as error:
        said = str(error)
        raise click.UsageError(f"--finding: {said[0].upper()}{said[1:]}") from None
    return tuple(finding for finding in report.findings if any(finding is each for each in meant))


def _loaded(path: Path) -> Report:
    if not path.is_file():
        raise click.UsageError(f"The file {path} does not exist.")
    from onnxdx_diagnostics.codec import ReportUnreadable

    try:
        return Report.load(path)
    except ReportUnreadable as error:
        hint = " `onnxdx fix` reads run.json, not SARIF." if path.suffix == ".sarif" else ""
        raise click.UsageError(f"{error}.{hint}") from None


def _root_of(path: Path, report: Report) -> Path:
    """The project that a saved report is about: that of the file or that of the working directory."""
    here, there = project.root_of(""), project.root_of(str(path))
    return there if str(there) == report.root else here


def _print_list(report: Report, chosen: tuple[Finding, ...], root: Path) -> None:
    """Every chosen finding with its number in the report and all its fixes."""
    from rich.text import Text

    from onnxdx_diagnostics.fix_list import fix_lines
    from onnxdx_diagnostics.render import footer, show

    answer = Answer(alone=False)
    proven = len(_planned(chosen, root).remedies)
    with answer:
        console = answer.console()
        for number, finding in enumerate(report.findings, 1):
            if any(finding is each for each in chosen):
                show([*fix_lines(number, finding, report.root, console.width), Text()], console)
        show(footer(report, console.width), console)
        answer.line(f"{_counted(proven, 'fix', 'fixes')} to apply" + ("; --apply writes them" if proven else ""))


def _print_diff(planned: Plan, ready: Prepared) -> None:
    """What a tool is to read alone on standard output."""
    if ready.diff:
        Answer(alone=False).write(ready.diff.removesuffix("\n"))
    for finding in (*planned.waiting, *planned.unfixed):
        click.echo(f"not in the diff: {visible(finding.message())}", err=True)


def _print_plan(report: Report, planned: Plan, ready: Prepared) -> None:
    """What is going to be written, or why nothing is."""
    from onnxdx_diagnostics.fix_list import plan_lines
    from onnxdx_diagnostics.render import diff_lines, show

    answer = Answer(alone=False)
    with answer:
        console = answer.console()
        show([*plan_lines(planned, report.root, console.width), *diff_lines(ready.diff, 0, console.width)], console)


def _print_report(report: Report, last: str, *, alone: bool = False) -> None:
    """The report and a last line; on standard error where a diff is to stand `alone` on standard output."""
    from onnxdx_diagnostics.render import render_report, render_text

    if alone:
        click.echo(f"{render_text(report)}\n{last}", err=True)
        return
    answer = Answer(alone=False)
    with answer:
        render_report(report, answer.console())
        answer.line(last)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count or 'no'} proven {one if count == 1 else many}"


def _names(paths: tuple[str, ...]) -> str:
    return " and ".join(map(visible, paths))
