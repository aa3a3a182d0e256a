"""A decision on data as `torch.cond`: both sides become functions, of which one runs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

import libcst as cst

from onnxdx.fixes.sources import names
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.tensor_test import tensor_test
from onnxdx.fixes.sources.two_sides import Side, TwoSides, decision_of, two_sides

RULES = frozenset({"DX101"})
TITLE = "Make both sides part of the graph with `torch.cond`"
_VIEWS = frozenset(
    {"view", "reshape", "transpose", "permute", "squeeze", "unsqueeze", "flatten", "unflatten", "expand", "narrow"}
    | {"select", "detach", "contiguous"}
)


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The decision of the finding, with the tensors that the sides read as operands."""
    decision = decision_of(fault)
    torch, imports = fault.file.importing("torch")
    if decision is None:
        return
    test = tensor_test(fault, decision.test, torch)
    code = test.code if test is not None else fault.file.code(decision.test)
    if isinstance(decision, cst.IfExp):
        operands = _operands(fault, [decision.body, decision.orelse])
        then, other = (_lambda(fault, operands, side) for side in (decision.body, decision.orelse))
        call = f"{torch}.cond({code}, {then}, {other}, {_tuple(operands)})"
        yield Candidate(TITLE, (*imports, fault.file.replace(decision, call)), cost=1)
        return
    sides = two_sides(fault.file, decision)
    if sides is None or not (sides.returns or sides.written):
        return
    sides = replace(sides, written=tuple(_lasting(fault, sides)))
    if not (sides.returns or sides.written):
        return
    both = [*_parts(sides.then), *_parts(sides.other)]
    if fault.file.has_long_strings(both):
        return
    operands = _operands(fault, both, also=() if sides.returns else sides.written)
    then_name, other_name = _function_names(fault)
    text = "\n".join(
        [
            *_function(fault, then_name, operands, sides, sides.then),
            "",
            *_function(fault, other_name, operands, sides, sides.other),
            "",
            f"{'return' if sides.returns else ', '.join(sides.written) + ' ='} "
            f"{torch}.cond({code}, {then_name}, {other_name}, {_tuple(operands)})",
        ]
    )
    yield Candidate(TITLE, (*imports, fault.file.replace_statements(decision, sides.last, text)), cost=1)


def _lasting(fault: Fault, sides: TwoSides) -> Iterator[str]:
    """The names that have a value whichever side is taken; others are of use inside of one side only."""
    then, other = names.writes(sides.then.statements), names.writes(sides.other.statements)
    known = fault.sighting.names if fault.sighting is not None else sides.written
    return (name for name in sides.written if name in known or (name in then and name in other))


def _parts(side: Side) -> list[cst.CSTNode]:
    return [*side.statements, *([side.returned] if side.returned is not None else [])]


def _operands(fault: Fault, nodes: Sequence[cst.CSTNode], also: Sequence[str] = ()) -> list[str]:
    """The tensors among the names that the sides read, and those that a side leaves as they are."""
    read = list(dict.fromkeys((*names.reads(nodes), *also)))
    sighting = fault.sighting
    if sighting is not None:
        return [name for name in read if sighting.is_tensor(name)]
    node = fault.statement
    function = fault.file.around(node, cst.FunctionDef) if node is not None else None
    if function is None:
        return []
    local = {*names.writes([function.body]), *(each.name.value for each in function.params.params)} - {"self"}
    return [name for name in read if name in local]


def _lambda(fault: Fault, operands: Sequence[str], value: cst.BaseExpression) -> str:
    parameters = " ".join(["lambda", ", ".join(operands)]).rstrip()
    return f"{parameters}: {_fresh(fault, value, ())}"


def _function(fault: Fault, name: str, operands: Sequence[str], sides: TwoSides, side: Side) -> Iterator[str]:
    yield f"def {name}({', '.join(operands)}):"
    if side.statements:
        text = fault.file.block_text(_whole(fault, side.statements))
        text = fault.file.new_tensors(side.statements, text)
        yield textwrap.indent(re.sub(r"\A((?:#.*\n)*)elif\b", r"\1if", text), "    ")
    own = names.writes(side.statements)
    if side.returned is not None:
        values = _fresh(fault, side.returned, own)
    else:
        values = ", ".join(each if each in own else f"{each}.clone()" for each in sides.written)
    yield f"    return {values}"


def _whole(fault: Fault, statements: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """The lines that hold the statements; those behind a header on its line stand for themselves."""
    parents = [(statement, next(fault.file.parents(statement))) for statement in statements]
    lines = [parent if isinstance(parent, cst.SimpleStatementLine) else statement for statement, parent in parents]
    return list(dict.fromkeys(lines))


def _fresh(fault: Fault, value: cst.BaseExpression, own: Sequence[str]) -> str:
    """The value with a copy of what is an operand, or a view of one: torch.cond does not hand back its operands."""
    code = fault.file.code(value)
    match value:
        case cst.Tuple():
            return ", ".join(_fresh(fault, element.value, own) for element in value.elements)
        case cst.Name(value=name) if name not in own:
            return f"{code}.clone()"
        case cst.Subscript():
            return f"{code}.clone()"
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=method))) if method in _VIEWS:
            return f"{code}.clone()"
        case cst.Attribute(attr=cst.Name(value="T" | "mT" | "real" | "imag")):
            return f"{code}.clone()"
    return code


def _function_names(fault: Fault) -> tuple[str, str]:
    used = {node.value for node in fault.file.nodes(cst.Name)}
    for number in ("", *(f"_{number}" for number in range(2, 99))):
        pair = f"if_true{number}", f"if_false{number}"
        if not used & set(pair):
            return pair
    return "if_true", "if_false"


def _tuple(operands: Sequence[str]) -> str:
    return f"({operands[0]},)" if len(operands) == 1 else f"({', '.join(operands)})"
