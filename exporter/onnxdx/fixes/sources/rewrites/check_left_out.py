"""A check on data that only rejects inputs: left out of the graph, and done as before when the model runs."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.two_sides import decision_of

RULES = frozenset({"DX101"})
TITLE = "Leave the check out of the exported graph"


def candidates(fault: Fault) -> Iterator[Candidate]:
    """An `assert`, or an `if` that only raises or warns."""
    torch, imports = fault.file.importing("torch")
    exporting = f"{torch}.compiler.is_exporting()"
    asserted = fault.file.around(fault.node, cst.Assert) if fault.node is not None else None
    if asserted is not None:
        test = _in_parentheses(fault, asserted.test, ("or",))
        yield Candidate(TITLE, (*imports, fault.file.replace(asserted.test, f"{exporting} or {test}")))
        return
    decision = decision_of(fault)
    if isinstance(decision, cst.If) and _only_rejects(decision):
        test = _in_parentheses(fault, decision.test, ("and",))
        yield Candidate(TITLE, (*imports, fault.file.replace(decision.test, f"not {exporting} and {test}")))


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
