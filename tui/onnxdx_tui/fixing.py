"""Fixes written to the user's files and taken back, with what there is to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onnxdx_diagnostics import changes
from onnxdx_diagnostics.changes import Prepared
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.journal import Entry
from onnxdx_diagnostics.remedies import Plan, plan
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.visible import visible
from onnxdx_tui import project


@dataclass(frozen=True)
class Fixed:
    """What was done, the files that were written for it, and the root of their project."""

    titles: tuple[str, ...]
    paths: tuple[str, ...]
    root: Path

    @property
    def said(self) -> str:
        """The same for people, a line for each."""
        done = [f"fixed: {visible(title)}" for title in self.titles]
        there = "" if self.root == project.root_of("").resolve() else f" in {visible(str(self.root))}"
        return "\n".join((*done, f"wrote {_names(self.paths)}; `onnxdx fix --undo`{there} takes it back"))


def plan_of_registry(report: Report, registry_file: Path, root: Path) -> Plan:
    """The proven fixes that do nothing but add an ONNX function to the registry file."""
    only = registry_file.resolve()

    def suits(fix: Fix) -> bool:
        return all((root / edit.path).resolve() == only for edit in fix.edits)

    return plan(report.findings, suits)


def applied(chosen: Plan, ready: Prepared) -> Fixed:
    """Write what was prepared. Raises Refused and CutShort."""
    changes.apply(ready, chosen.titles)
    return Fixed(chosen.titles, ready.paths, ready.root)


def undone(root: Path) -> str:
    """Take the last change back, and say what it was. Raises Refused and CutShort."""
    entry = changes.undo(root)
    return "\n".join((*(f"undone: {visible(title)}" for title in entry.titles), f"wrote {_files(root, entry)}"))


def resumed(root: Path) -> str:
    """Bring a change to its end that was cut short, and say what it is. Raises Refused and CutShort."""
    entry = changes.resume(root)
    return "\n".join((*(f"fixed: {visible(title)}" for title in entry.titles), f"wrote {_files(root, entry)}"))


def _files(root: Path, entry: Entry) -> str:
    return _names(tuple(change.path.relative_to(root.resolve()).as_posix() for change in entry.changes))


def _names(paths: tuple[str, ...]) -> str:
    return " and ".join(map(visible, paths))
