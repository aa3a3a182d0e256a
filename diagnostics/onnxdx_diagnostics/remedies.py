"""Which fixes of which findings are applied together: the best proven one of each, as one change of the files."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from onnxdx_diagnostics import changes
from onnxdx_diagnostics.changes import Prepared, Refused
from onnxdx_diagnostics.edits import overlap, together
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Applicability, Edit, Fix


@dataclass(frozen=True)
class Remedy:
    """A finding and the fix that is applied for it."""

    finding: Finding
    fix: Fix


@dataclass(frozen=True)
class Plan:
    """The fixes that are applied in one go.

    `waiting` have a fix as well, which changes what another one changes: the next run tells whether they need it.
    `unfixed` have none that is proven.
    """

    remedies: tuple[Remedy, ...] = ()
    waiting: tuple[Finding, ...] = ()
    unfixed: tuple[Finding, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """What is done, each thing once."""
        return tuple(dict.fromkeys(remedy.fix.title for remedy in self.remedies))

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of all fixes as one change."""
        return together(remedy.fix.edits for remedy in self.remedies)

    @property
    def seen(self) -> dict[str, str]:
        """The digests of the files as they were when the fixes were tried. Raises Refused when two fixes differ."""
        seen: dict[str, str] = {}
        for remedy in self.remedies:
            for path, digest in remedy.fix.seen:
                if seen.setdefault(path, digest) != digest:
                    raise Refused(f"`{path}` has changed while fixes were tried.")
        return seen

    def prepared(self, root: Path) -> Prepared:
        """The files as they will be. Raises Refused."""
        return changes.prepared(self.edits, root, self.seen)

    def prepared_from_report(self, root: Path) -> Prepared:
        """The same for fixes that were read from a file, which is believed in nothing.

        A file may be another one by now, as long as each fix still makes the change of it that the report shows.
        Raises Refused.
        """
        for remedy in self.remedies:
            alone = changes.prepared(remedy.fix.edits, root)
            if not _is_as_seen(remedy.fix, root) and alone.diff != remedy.fix.diff:
                names = " and ".join(f"`{path}`" for path in alone.paths)
                raise Refused(f"The lines of {names} are not what they were: {remedy.fix.title} does not fit any more.")
        return changes.prepared(self.edits, root)


def plan(findings: Iterable[Finding], suits: Callable[[Fix], bool] = lambda fix: True) -> Plan:
    """The best proven fix of each finding, of those that `suits` allows."""
    remedies: list[Remedy] = []
    waiting: list[Finding] = []
    unfixed: list[Finding] = []
    for finding in findings:
        fix = next((fix for fix in finding.offered if is_proven(fix) and suits(fix)), None)
        if fix is None:
            unfixed.append(finding)
        elif any(_collide(remedy, finding, fix) for remedy in remedies):
            waiting.append(finding)
        else:
            remedies.append(Remedy(finding, fix))
    return Plan(tuple(remedies), tuple(waiting), tuple(unfixed))


def is_proven(fix: Fix) -> bool:
    """Whether a fix can be applied without a second thought."""
    return fix.applicability is Applicability.PROVEN and bool(fix.edits)


def _is_as_seen(fix: Fix, root: Path) -> bool:
    """Whether the files that a fix edits are what they were when it was tried."""
    seen = dict(fix.seen)
    return all(edit.path in seen and changes.digest_of(root / edit.path) == seen[edit.path] for edit in fix.edits)


def _collide(remedy: Remedy, finding: Finding, fix: Fix) -> bool:
    """Whether both fixes cannot be had: they change the same text, or say twice what one operator is."""
    if remedy.fix.edits == fix.edits:
        return False
    same_operator = bool(finding.site.op) and finding.site.op == remedy.finding.site.op
    files = {edit.path for edit in fix.edits} & {edit.path for edit in remedy.fix.edits}
    if overlap(remedy.fix.edits, fix.edits) or (same_operator and bool(files)):
        return True
    other = dict(_definitions(remedy.fix))
    return any(other.get(name, definition) != definition for name, definition in _definitions(fix))


def _definitions(fix: Fix) -> Iterator[tuple[tuple[str, str], str]]:
    """What whole statements that a fix inserts define at the level of a module: (file, name) and the definition."""
    for edit in fix.edits:
        try:
            body = ast.parse(edit.text).body
        except (SyntaxError, ValueError, RecursionError):
            continue  # a piece of a statement
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield (edit.path, node.name), ast.dump(node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    yield (edit.path, alias.asname or alias.name), f"{getattr(node, 'module', '')}.{alias.name}"
