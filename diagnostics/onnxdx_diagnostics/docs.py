"""Writes the pages of all rules: `python -m onnxdx_diagnostics.docs docs/rules`."""

from __future__ import annotations

import sys
from pathlib import Path

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.explain import documentation, explain_rule

INDEX = "index.md"


def pages() -> dict[str, str]:
    """File name -> content: one page per rule, and the index."""
    rules = catalog.all_rules()
    return {INDEX: _index(), **{f"{rule.id}.md": explain_rule(rule) for rule in rules}}


def write(folder: Path) -> None:
    """Bring `folder` up to date: pages of rules that are gone go as well. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    current = pages()
    for page in folder.glob("DX*.md"):
        if page.name not in current:
            page.unlink()
    for name, content in current.items():
        write_text(folder / name, content)


def _index() -> str:
    lines = ["# Rules", "", "What onnxdx reports. Generated from the rules by `python -m onnxdx_diagnostics.docs`."]
    stage = ""
    for rule in catalog.all_rules():
        if catalog.stage(rule.id) != stage:
            stage = catalog.stage(rule.id)
            lines += ["", f"## {stage}", "", "| Rule | Level | |", "| --- | --- | --- |"]
        summary = documentation(rule).summary.replace("|", "\\|")
        lines.append(f"| [{rule.id} {rule.name}]({rule.id}.md) | {rule.level.value} | {summary} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/rules"))
