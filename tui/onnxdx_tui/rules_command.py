"""`onnxdx rules`: every rule in one line."""

from __future__ import annotations

import shutil

import click

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.explain import documentation
from onnxdx_tui.answer import Answer


@click.command()
@click.option("--traceback", is_flag=True, hidden=True)
def rules(traceback: bool) -> None:
    """List the rules: id, level, pass, name, and what it says."""
    found = catalog.all_rules()
    name_width = max(len(rule.name) for rule in found)
    with Answer(alone=False) as answer:
        width = shutil.get_terminal_size().columns if answer.stream.isatty() else 0
        for rule in found:
            head = f"{rule.id}  {rule.level.value:<7}  {catalog.stage(rule.id):<9}  {rule.name:<{name_width}}"
            line = f"{head}  {documentation(rule).summary}"
            answer.line(line[: width - 1] + "…" if 0 < width < len(line) else line)
