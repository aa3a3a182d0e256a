"""A finding with the source that it stands in: what a rewrite looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst

from onnxdx.fixes import Evidence
from onnxdx.fixes.sources.names import bound_around
from onnxdx.fixes.sources.sighting import Sighting, see
from onnxdx.fixes.sources.source_file import SourceFile
from onnxdx_diagnostics import ownership
from onnxdx_diagnostics.finding import Finding, Location
from onnxdx_diagnostics.fix import Edit


@dataclass(frozen=True)
class Candidate:
    """A change of the source that may make a finding go away. `note` says what else becomes different by it.

    Those of the lowest `cost` are tried first. `needs_verdict` says that the graph computes something else than the
    code when it runs, so that nothing less than ONNX Runtime's agreement with eager shows that it is right.
    `only_exported` says the opposite: whatever it is given, the code does what it did when it runs, and what the graph
    leaves out gives no results, so that inputs that come by there show nothing.
    """

    title: str
    edits: tuple[Edit, ...]
    note: str = ""
    cost: int = 0
    needs_verdict: bool = False
    only_exported: bool = False


@dataclass(frozen=True)
class Fault:
    """A finding, the file that it stands in, and the run that it is of.

    `tensors` are variables that hold numbers now, and will hold tensors by another part of the same change.
    """

    finding: Finding
    evidence: Evidence
    file: SourceFile
    place: Location
    tensors: tuple[str, ...] = ()
    _files: dict[str, SourceFile | None] = field(default_factory=dict, compare=False)

    @cached_property
    def node(self) -> cst.BaseExpression | None:
        """The expression that the finding stands on."""
        return self.file.expression_at(self.place)

    @cached_property
    def statement(self) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """The statement of that expression."""
        return self.file.statement(self.node) if self.node is not None else self.statement_at(self.place.line)

    @cached_property
    def sighting(self) -> Sighting | None:
        """The variables where the statement begins; None when the sample inputs do not lead there."""
        if self.statement is None:
            return None
        first = self.file.range(self.statement).start.line
        last = max(self.place.end_line, self.place.line)
        bound = frozenset(bound_around(self.file, self.node)) if self.node is not None else frozenset[str]()
        seen = see(self.evidence.request, self.place.path, first, last, bound)
        return seen.with_tensors(self.tensors) if seen is not None else None

    def statement_at(self, line: int) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """The innermost statement that reaches a line."""
        found: cst.SimpleStatementLine | cst.BaseCompoundStatement | None = None
        for node in self.file.nodes(cst.BaseStatement):  # type: ignore[type-abstract]
            place = self.file.range(node)
            if place.start.line <= line <= place.end.line and isinstance(
                node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)
            ):
                found = node
        return found

    def other_file(self, path: str) -> SourceFile | None:
        """Another file, if it is one of the user's."""
        if path == self.file.path:
            return self.file
        if path not in self._files:
            own = ownership.is_user(path, self.evidence.request.root)
            self._files[path] = SourceFile.read(path) if own else None
        return self._files[path]


def fault_of(finding: Finding, evidence: Evidence) -> Fault | None:
    """The finding with its source; None when it has no line, or none of a file that can be read."""
    place = finding.site.location
    file = SourceFile.read(place.path) if place is not None else None
    return Fault(finding, evidence, file, place) if place is not None and file is not None else None
