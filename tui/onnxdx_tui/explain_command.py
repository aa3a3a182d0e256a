"""`onnxdx explain`: what a rule means, or the whole story of every finding in a saved report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnxdx_diagnostics import catalog

if TYPE_CHECKING:
    from rich.console import Console


@click.command()
@click.argument("what", metavar="RULE|FILE")
@click.option("--traceback", is_flag=True, hidden=True)
def explain(what: str, traceback: bool) -> None:
    """Explain a rule (DX301, no-onnx-function), or each finding of a report (run.json or SARIF)."""
    from rich.console import Console

    from onnxdx_tui.answer import Answer

    answer = Answer(alone=False)
    path = Path(what)
    if path.is_file():
        with answer as stream:
            _explain_file(path, Console(file=stream))
        return
    if path.suffix in (".json", ".sarif"):
        raise click.UsageError(f"The file {what} does not exist.")
    try:
        rule = catalog.rule(what)
    except catalog.UnknownRule as error:
        raise click.UsageError(_unknown(error)) from None
    from onnxdx_diagnostics.explain import render_rule

    with answer as stream:
        render_rule(rule, Console(file=stream))


def _explain_file(path: Path, console: Console) -> None:
    from onnxdx_diagnostics.codec import ReportUnreadable
    from onnxdx_diagnostics.explain import render_explanation
    from onnxdx_diagnostics.report import Report

    try:
        report = Report.load(path)
    except ReportUnreadable as error:
        raise click.UsageError(str(error)) from None
    render_explanation(report, console)


def _unknown(error: catalog.UnknownRule) -> str:
    said = f"No rule {error.rule_id!r}."
    if error.nearest:
        return f"{said} Did you mean {', '.join(error.nearest)}?"
    return f"{said} `onnxdx rules` lists them."
