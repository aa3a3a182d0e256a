"""`onnxdx explain`: what a rule means, or the whole story of every finding in a saved report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnxdx_diagnostics import catalog
from onnxdx_tui.answer import Answer

if TYPE_CHECKING:
    from rich.console import Console


@click.command()
@click.argument("what", metavar="RULE|FILE")
@click.option("--traceback", is_flag=True, hidden=True)
def explain(what: str, traceback: bool) -> None:
    """Explain a rule (DX301, no-onnx-function), or each finding of a report (run.json or SARIF)."""
    answer = Answer(alone=False)
    path = Path(what)
    if path.is_file():
        with answer:
            _explain_file(path, answer.console())
        return
    if path.suffix in (".json", ".sarif"):
        raise click.UsageError(f"The file {what} does not exist.")
    try:
        rule = catalog.rule(what)
    except catalog.UnknownRule as error:
        raise click.UsageError(_unknown(error)) from None
    from onnxdx_diagnostics.explain import render_rule

    with answer:
        render_rule(rule, answer.console())


def _explain_file(path: Path, console: Console) -> None:
    from onnxdx_diagnostics.codec import ReportUnreadable, from_plain
    from onnxdx_diagnostics.graphs import Graphs, GraphsUnreadable
    from onnxdx_diagnostics.rundir import GRAPHS, REPORT
    from onnxdx_diagnostics.sarif.reader import from_sarif
    from onnxdx_diagnostics.story import render_story

    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        report = from_sarif(plain) if isinstance(plain, dict) and "runs" in plain else from_plain(plain)
    except ReportUnreadable as error:
        raise click.UsageError(f"{path} cannot be explained: {error}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise click.UsageError(f"{path} is neither a report nor a SARIF log: {error}.") from None
    beside = path.parent / GRAPHS
    try:
        graphs = Graphs.load(beside) if path.name == REPORT and beside.exists() else None
    except GraphsUnreadable as error:
        raise click.UsageError(f"{error}.") from None
    render_story(report, console, graphs)


def _unknown(error: catalog.UnknownRule) -> str:
    said = f"No rule {error.rule_id!r}."
    if error.nearest:
        return f"{said} Did you mean {', '.join(error.nearest)}?"
    return f"{said} `onnxdx rules` lists them."
