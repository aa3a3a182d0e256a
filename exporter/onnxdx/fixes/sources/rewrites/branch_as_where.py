"""A decision on data as `torch.where`: both sides are computed, and one is chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import libcst as cst

from onnxdx.fixes.sources import names
from onnxdx.fixes.sources.chosen import Chooser
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import statements_of
from onnxdx.fixes.sources.tensor_test import tensor_test
from onnxdx.fixes.sources.two_sides import (
    Choice,
    Side,
    TwoSides,
    decision_of,
    ends_function,
    reads_any,
    two_sides,
    value_of,
)
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX101"})
_DEAR = re.compile(r"\bself\.\w+\(| @ |matmul|linear|conv|attention|\bfor\b|\bwhile\b|[bm]mm\(|einsum")
LONGEST_TEST = 60
TITLE = "Compute both sides and choose with `torch.where`"


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The decision of the finding, if it chooses between values of one shape and dtype."""
    decision = decision_of(fault)
    torch, imports = fault.file.importing("torch")
    made = Chooser(fault, torch)
    if isinstance(decision, cst.IfExp):
        test = tensor_test(fault, decision.test, torch)
        chosen = made.chosen(test.code, decision.body, decision.orelse) if test is not None else None
        if chosen is not None:
            yield Candidate(TITLE, (*imports, fault.file.replace(decision, chosen)), cost=_cost(fault, decision))
    elif isinstance(decision, cst.If):
        for edits in _statements(made, _outermost(fault, decision)):
            yield Candidate(TITLE, (*imports, *edits), cost=_cost(fault, decision))


def _cost(fault: Fault, decision: cst.If | cst.IfExp) -> int:
    """Less than that of `torch.cond` where both sides are cheap: no layers, products or loops are seen in them."""
    sides = [fault.file.code(side) for side in (decision.body, decision.orelse) if side is not None]
    return 2 if any(map(_DEAR.search, sides)) else 0


def _outermost(fault: Fault, decision: cst.If) -> cst.If:
    """The `if` that an `elif` belongs to."""
    parent = next(fault.file.parents(decision))
    while isinstance(parent, cst.If) and parent.orelse is decision:
        decision, parent = parent, next(fault.file.parents(parent))
    return decision


def _statements(made: Chooser, decision: cst.If) -> Iterator[tuple[Edit, ...]]:
    file = made.fault.file
    following = file.following(decision)
    if following is None:
        return
    value = value_of([decision, *following])
    last: cst.CSTNode = following[-1] if following else decision
    if value is not None:
        chosen = _written(made, value)
        if chosen is not None:
            yield (file.replace_statements(decision, last, f"return {chosen}"),)
            return
    sides = two_sides(file, decision)
    test = tensor_test(made.fault, decision.test, made.torch)
    if test is None:
        return
    if sides is None:
        yield from _returned_later(made, decision, test.code)
        return
    edits = _returned(made, sides, test.code) if sides.returns else _assigned(made, sides, test.code)
    if edits:
        yield edits


def _written(made: Chooser, value: cst.BaseExpression | Choice) -> str | None:
    """A value that is chosen by one test or several, as one expression."""
    if isinstance(value, cst.BaseExpression):
        return made.code(value)
    test = tensor_test(made.fault, value.test, made.torch)
    if test is None:
        return None
    if isinstance(value.then, cst.BaseExpression) and isinstance(value.other, cst.BaseExpression):
        return made.chosen(test.code, value.then, value.other)
    then, other = _written(made, value.then), _written(made, value.other)
    return made.of_codes(test.code, then, other) if then is not None and other is not None else None


def _assigned(made: Chooser, sides: TwoSides, test: str) -> tuple[Edit, ...]:
    """`name = torch.where(test, then, other)` for each place that either side assigns."""
    then, other = _values(made, sides.then), _values(made, sides.other)
    if then is None or other is None or not (then or other):
        return ()
    places = list(dict.fromkeys((*then, *other)))
    several = (len(places) > 1 or len(test) > LONGEST_TEST) and not test.isidentifier()
    decided = _new_name(made, "decided") if several else test
    chosen = []
    for place in places:
        one, two = then.get(place, place), other.get(place, place)
        if isinstance(one, cst.BaseExpression) and isinstance(two, cst.BaseExpression):
            code = made.chosen(test, one, two)
        else:
            code = made.of_codes(test, *(each if isinstance(each, str) else made.code(each) for each in (one, two)))
        if code is None:
            return ()
        chosen.append(code.replace(f"where({test},", f"where({decided},"))
    lines = f"{', '.join(places)} = {', '.join(chosen)}"
    if several:
        lines = f"{decided} = {test}\n{lines}"
    return (made.fault.file.replace_statements(sides.decision, sides.last, lines),)


def _values(made: Chooser, side: Side) -> dict[str, cst.BaseExpression | str] | None:
    """What a side assigns to which place; None when it does anything else, or needs what it has assigned itself."""
    found: dict[str, cst.BaseExpression | str] = {}
    for statement in side.statements:
        if reads_any([_value_part(statement)], list(found)):
            return None
        match statement:
            case cst.Assign(targets=[cst.AssignTarget(target=target)], value=value) if not _unpacks(target):
                found[made.code(target)] = value
            case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
                found[made.code(target)] = value
            case cst.AugAssign(target=target, value=value):
                operator = made.code(statement.operator).rstrip("=")
                operand = made.code(value)
                simple = isinstance(value, (cst.Name, cst.Call, cst.Integer, cst.Float, cst.Attribute, cst.Subscript))
                place = made.code(target)
                found[place] = f"{place} {operator} {operand if simple else f'({operand})'}"
            case cst.If() as nested:
                inner = _nested(made, nested)
                if inner is None:
                    return None
                found.update(inner)
            case cst.Pass():
                continue
            case _:
                return None
    return found


def _nested(made: Chooser, nested: cst.If) -> dict[str, cst.BaseExpression | str] | None:
    """What an `elif` assigns, as choices of its own."""
    sides = two_sides(made.fault.file, nested)
    test = tensor_test(made.fault, nested.test, made.torch)
    if sides is None or sides.returns or test is None:
        return None
    then, other = _values(made, sides.then), _values(made, sides.other)
    if then is None or other is None:
        return None
    found: dict[str, cst.BaseExpression | str] = {}
    for place in dict.fromkeys((*then, *other)):
        one, two = (each.get(place, place) for each in (then, other))
        codes = [each if isinstance(each, str) else made.code(each) for each in (one, two)]
        code = made.of_codes(test.code, *codes)
        if code is None:
            return None
        found[place] = code
    return found


def _returned(made: Chooser, sides: TwoSides, test: str) -> tuple[Edit, ...]:
    """An early return is taken away, and the last return chooses."""
    file = made.fault.file
    if sides.then.statements or sides.then.returned is None or sides.other.returned is None:
        return ()
    if sides.last is sides.decision:
        return ()
    last = sides.last
    rest = [*sides.other.statements]
    changed = names.writes(rest)
    before: list[str] = []
    if reads_any([sides.decision.test], changed) or not test.isidentifier():
        decided = _new_name(made, "decided")
        before.append(f"{decided} = {test}")
    else:
        decided = test
    early: dict[cst.CSTNode, str] = {}
    for part in _parts_of(sides.then.returned, sides.other.returned):
        if reads_any([part], changed):
            early[part] = _new_name(made, "early", *early.values())
            before.append(f"{early[part]} = {made.code(part)}")
    return_value = _unchecked(made, decided, sides.then.returned, sides.other.returned, early)
    return (
        file.replace_statements(sides.decision, sides.decision, "\n".join(before)),
        file.replace_statements(last, last, f"return {return_value}"),
    )


def _returned_later(made: Chooser, decision: cst.If, test: str) -> Iterator[tuple[Edit, ...]]:
    """An early return in front of several others, each of which then chooses."""
    file = made.fault.file
    then, following = statements_of(decision.body), file.following(decision)
    early = then[0].value if len(then) == 1 and isinstance(then[0], cst.Return) else None
    if early is None or not following or not ends_function(file, decision) or isinstance(decision.orelse, cst.Else):
        return
    rest: list[cst.CSTNode] = [*([decision.orelse] if decision.orelse is not None else []), *following]
    values = [each.value for each in names.returns(rest) if each.value is not None]
    if not isinstance(statements_of(following)[-1], cst.Return) or len(values) != len(list(names.returns(rest))):
        return
    before: list[str] = []
    several = len(early.elements) if isinstance(early, cst.Tuple) else 0
    decided, kept = _new_name(made, "decided"), list[str]()
    for part in _several(early, several):
        kept.append(_new_name(made, "early", *kept))
        before.append(f"{kept[-1]} = {made.code(part)}")
    before.insert(0, f"{decided} = {test}")
    edits = []
    for value in values:
        others = _several(value, several)
        if len(others) != len(kept):
            return
        chosen = [f"{made.torch}.where({decided}, {n}, {made.code(o)})" for n, o in zip(kept, others, strict=True)]
        edits.append(file.replace(value, ", ".join(chosen)))
    if decision.orelse is None:
        yield (file.replace_statements(decision, decision, "\n".join(before)), *edits)
    elif (head := file.without_first(decision, "\n".join(before))) is not None:
        yield (head, *edits)


def _several(value: cst.BaseExpression, several: int) -> list[cst.BaseExpression]:
    """The elements of a tuple of so many; the value alone when there are to be none."""
    if not several:
        return [value]
    return [each.value for each in value.elements] if isinstance(value, cst.Tuple) else []


def _parts_of(then: cst.BaseExpression, other: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The parts of a returned value that are chosen one by one."""
    if isinstance(then, cst.Tuple) and isinstance(other, cst.Tuple) and len(then.elements) == len(other.elements):
        return [element.value for element in then.elements]
    return [then]


def _unchecked(
    made: Chooser, test: str, then: cst.BaseExpression, other: cst.BaseExpression, early: Mapping[cst.CSTNode, str]
) -> str:
    """The choice where the names of the other side are not known yet at the line of the decision.

    `early` are the names of parts that must be computed there, as what they read changes afterwards.
    """
    parts = _parts_of(then, other)
    if parts != [then] and isinstance(other, cst.Tuple):
        pairs = zip(parts, other.elements, strict=True)
        return ", ".join(_unchecked(made, test, one, two.value, early) for one, two in pairs)
    return f"{made.torch}.where({test}, {early.get(then) or made.code(then)}, {made.code(other)})"


def _value_part(statement: cst.CSTNode) -> cst.CSTNode:
    value = getattr(statement, "value", None)
    return value if isinstance(value, cst.CSTNode) else statement


def _unpacks(target: cst.BaseExpression) -> bool:
    return isinstance(target, (cst.Tuple, cst.List, cst.StarredElement))


def _new_name(made: Chooser, name: str, *others: str) -> str:
    """A name that the file does not use."""
    used = {node.value for node in made.fault.file.nodes(cst.Name)} | {*others}
    numbered: Sequence[str] = [name, *(f"{name}_{number}" for number in range(2, 99))]
    return next(each for each in numbered if each not in used)
