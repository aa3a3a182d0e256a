"""A decision of Python taken apart: its test, and what either side gives - values of names, or a value returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from onnxdx.fixes.sources import names
from onnxdx.fixes.sources.fault import Fault
from onnxdx.fixes.sources.source_file import SourceFile, Statement, descendants, statements_of

Decision = cst.If | cst.IfExp


@dataclass(frozen=True)
class Side:
    """One side: its statements without a `return` at the end, and the value that is returned, if one is."""

    statements: tuple[cst.CSTNode, ...]
    returned: cst.BaseExpression | None = None


@dataclass(frozen=True)
class TwoSides:
    """An `if` statement whose sides do not leave the block, or that both return.

    `written` are the names that either side assigns; none when both return. `last` is the last statement that belongs
    to it: with an early return, the other side is all that follows.
    """

    decision: cst.If
    then: Side
    other: Side
    written: tuple[str, ...]
    last: cst.CSTNode

    @property
    def returns(self) -> bool:
        """Whether both sides return."""
        return self.then.returned is not None


def decision_of(fault: Fault) -> Decision | None:
    """The `if` statement or expression that the finding's expression decides."""
    node = fault.node
    if node is None:
        return None
    inside: cst.CSTNode = node
    for parent in (node, *fault.file.parents(node)):
        if isinstance(parent, (cst.If, cst.IfExp)) and parent is not node and parent.test is inside:
            return parent
        if isinstance(parent, cst.IfExp) and parent is node:
            return parent
        if isinstance(parent, cst.BaseStatement):
            return None
        inside = parent
    return None


def two_sides(file: SourceFile, decision: cst.If) -> TwoSides | None:
    """The statement taken apart; None when a side leaves the block in another way."""
    then = _side(decision.body)
    if then is None:
        return None
    following = file.following(decision)
    if then.returned is not None and following is not None:
        return _returning(file, decision, then, following)
    other = _other(decision)
    if then.returned is not None or other is None or other.returned is not None:
        return None
    written = tuple(dict.fromkeys((*names.writes(then.statements), *names.writes(other.statements))))
    return TwoSides(decision, then, other, written, decision)


def _returning(
    file: SourceFile, decision: cst.If, then: Side, following: Sequence[cst.BaseStatement]
) -> TwoSides | None:
    """Both sides return: the other one is `else`, or all that follows up to the end of the function."""
    if decision.orelse is not None and not following:
        other = _other(decision)
        last: cst.CSTNode = decision
    elif decision.orelse is None and following:
        other = _side(following)
        last = following[-1]
    else:
        return None
    if other is None or other.returned is None or not ends_function(file, decision):
        return None
    return TwoSides(decision, then, other, (), last)


def ends_function(file: SourceFile, decision: cst.If) -> bool:
    """Whether the block is that of a function, so that what follows is all that the function does."""
    block = next(file.parents(decision))
    owner = next(file.parents(block))
    return isinstance(owner, cst.FunctionDef)


def _other(decision: cst.If) -> Side | None:
    match decision.orelse:
        case None:
            return Side(())
        case cst.Else() as orelse:
            return _side(orelse.body)
        case cst.If() as nested:
            return Side((nested,)) if not names.leaves([nested]) else None
    return None


def _side(block: cst.BaseSuite | Sequence[cst.CSTNode]) -> Side | None:
    body: list[Statement] = statements_of(block)
    returned = None
    if body and isinstance(body[-1], cst.Return):
        returned = body[-1].value
        if returned is None:
            return None
        body = body[:-1]
    if names.leaves(body):
        return None
    return Side(tuple(body), returned)


def value_of(block: cst.BaseSuite | Sequence[cst.CSTNode]) -> cst.BaseExpression | Choice | None:
    """What a block returns, where it does nothing else: an expression, or a choice between two."""
    body = statements_of(block)
    if not body:
        return None
    match body[0]:
        case cst.Return(value=cst.BaseExpression() as value) if len(body) == 1:
            return value
        case cst.If() as decision:
            then = value_of(decision.body)
            other = _value_of_other(decision, body[1:])
            return Choice(decision.test, then, other) if then is not None and other is not None else None
    return None


def _value_of_other(decision: cst.If, rest: Sequence[Statement]) -> cst.BaseExpression | Choice | None:
    match decision.orelse:
        case None:
            return value_of(rest) if rest else None
        case cst.Else() as orelse if not rest:
            return value_of(orelse.body)
        case cst.If() as nested:
            return value_of([nested, *rest])
    return None


@dataclass(frozen=True)
class Choice:
    """A value that is one of two."""

    test: cst.BaseExpression
    then: cst.BaseExpression | Choice
    other: cst.BaseExpression | Choice


def reads_any(nodes: Sequence[cst.CSTNode], known: Sequence[str]) -> bool:
    """Whether some code speaks of any of these names."""
    return any(isinstance(part, cst.Name) and part.value in known for node in nodes for part in descendants(node))
