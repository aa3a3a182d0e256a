"""A check on data that only rejects inputs: left out of the graph, and done as before when the model runs."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import SourceFile
from onnxdx.fixes.sources.two_sides import decision_of

RULES = frozenset({"DX101"})
TITLE = "Leave the check out of the exported graph"
NOTE = "The exported model computes something for inputs that the check rejects."


def candidates(fault: Fault) -> Iterator[Candidate]:
    """An `assert`, or an `if` that only raises or warns."""
    torch, imports = fault.file.importing("torch")
    exporting = f"{torch}.compiler.is_exporting()"
    ends = not _is_caught(fault)
    asserted = fault.file.around(fault.node, cst.Assert) if fault.node is not None else None
    if asserted is not None:
        test = _in_parentheses(fault, asserted.test, ("or",))
        edit = fault.file.replace(asserted.test, f"{exporting} or {test}")
        yield Candidate(TITLE, (*imports, edit), NOTE, only_exported=ends)
        return
    decision = decision_of(fault)
    if isinstance(decision, cst.If) and _only_rejects(decision):
        test = _in_parentheses(fault, decision.test, ("and",))
        edit = fault.file.replace(decision.test, f"not {exporting} and {test}")
        yield Candidate(TITLE, (*imports, edit), NOTE, only_exported=ends)


def _is_caught(fault: Fault) -> bool:
    """Whether what the check raises may be caught on the way out, so that it leads to another result."""
    places = [fault.place, *(frame.location for frame in fault.finding.site.stack if frame.user)]
    return any(_is_tried(file, place.line) for place in places if (file := fault.other_file(place.path)) is not None)


def _is_tried(file: SourceFile, line: int) -> bool:
    tried: list[cst.Try | cst.TryStar] = [*file.nodes(cst.Try), *file.nodes(cst.TryStar)]
    ranges = [file.range(node.body) for node in tried if node.handlers]
    return any(each.start.line <= line <= each.end.line for each in ranges)


def _only_rejects(decision: cst.If) -> bool:
    body = decision.body.body
    last = body[-1] if body else None
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    return decision.orelse is None and isinstance(small, cst.Raise)


def _in_parentheses(fault: Fault, test: cst.BaseExpression, without: tuple[str, ...]) -> str:
    """The test as an operand of `and` or `or`."""
    code = fault.file.code(test)
    if isinstance(test, cst.BooleanOperation):
        word = "and" if isinstance(test.operator, cst.And) else "or"
        return code if word in without or test.lpar else f"({code})"
    return f"({code})" if isinstance(test, (cst.IfExp, cst.Lambda, cst.NamedExpr)) and not test.lpar else code
