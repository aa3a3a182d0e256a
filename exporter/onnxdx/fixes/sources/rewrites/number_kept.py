"""A number that is taken out of a tensor stays in it: `float(x)` becomes `x`, `math.exp(x)` becomes `torch.exp(x)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.rewrites import branch_as_where
from onnxdx.fixes.sources.source_file import descendants
from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX101", "DX102", "DX306"})
TITLE = "Keep computing with the tensor"
_OF_MATH = frozenset(
    {"exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh"}
    | {"cosh", "tanh", "floor", "ceil", "trunc", "erf", "lgamma", "atan2", "hypot", "pow", "fmod"}
)
_RENAMED = {"fabs": "abs", "gamma": "lgamma"}


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The tensor itself; or its number by `.item()`, which stays in the graph as a symbol."""
    if fault.finding.id == "DX101":
        yield from _deciding(fault)
        return
    node = _taking(fault)
    if node is None:
        return
    torch, imports = fault.file.importing("torch")
    code = _kept(fault, node, torch)
    if code is not None:
        edit = fault.file.replace(node, code)
        decisions = _decisions(fault, node)
        if decisions is not None:
            yield Candidate(TITLE, (*imports, edit, *decisions))
        if decisions != ():
            yield Candidate(TITLE, (*imports, edit))
    yield from _of_a_name(fault, node, torch, imports)
    yield from _scale(fault, node, torch, imports)
    if isinstance(node.func, cst.Name) and node.func.value in ("int", "float") and len(node.args) == 1:
        yield from _symbolic(fault, node, torch, imports)


def _deciding(fault: Fault) -> Iterator[Candidate]:
    """A decision on a number that was taken out of a tensor before, under a name."""
    function = fault.file.around(fault.node, cst.FunctionDef) if fault.node is not None else None
    if function is None or fault.node is None:
        return
    for node in descendants(function.body):
        name = _assigned_name(fault, node) if isinstance(node, cst.Call) and _function(fault, node) else ""
        if not name or not isinstance(node, cst.Call) or not _reads(fault.node, name):
            continue
        torch, imports = fault.file.importing("torch")
        taken = replace(fault, place=_place(fault, node))
        code = _kept(taken, node, torch)
        decisions = _decisions(taken, node)
        if code is not None and decisions:
            yield Candidate(TITLE, (*imports, fault.file.replace(node, code), *decisions))


def _of_a_name(fault: Fault, node: cst.Call, torch: str, imports: tuple[Edit, ...]) -> Iterator[Candidate]:
    """A function of `math` on a number that was taken out of a tensor before: the name holds the tensor."""
    function = fault.file.around(node, cst.FunctionDef)
    if function is None or not _function(fault, node).startswith("math."):
        return
    calls = [each for each in descendants(function.body) if isinstance(each, cst.Call) and _function(fault, each)]
    for taking in calls:
        name = _assigned_name(fault, taking)
        taken = replace(fault, place=_place(fault, taking))
        code = _kept(taken, taking, torch) if name and _reads(node, name) else None
        decisions = _decisions(taken, taking) if code is not None else None
        if code is None or decisions is None:
            continue
        edits = [fault.file.replace(taking, code)]
        readers = [each for each in calls if each is not taking and _reads(each, name)]
        inner = {part for each in readers for part in descendants(each) if part is not each}
        for each in readers:
            kept = _kept(replace(fault, place=_place(fault, each), tensors=(name,)), each, torch)
            if each not in inner and kept is not None:
                edits.append(fault.file.replace(each, kept))
        yield Candidate(TITLE, (*imports, *edits, *decisions))


def _place(fault: Fault, node: cst.CSTNode) -> Location:
    start, end = fault.file.range(node).start, fault.file.range(node).end
    return replace(fault.place, line=start.line, column=start.column + 1, end_line=end.line, end_column=end.column + 1)


def _scale(fault: Fault, node: cst.Call, torch: str, imports: tuple[Edit, ...]) -> Iterator[Candidate]:
    """The scale of attention is a number; the query is scaled instead."""
    argument = fault.file.around(node, cst.Arg)
    call = fault.file.around(node, cst.Call)
    code = _kept(fault, node, torch)
    if argument is None or call is None or code is None or argument.keyword is None or argument.value is not node:
        return
    if argument.keyword.value == "scale" and fault.file.code(call.func).endswith("scaled_dot_product_attention"):
        query = call.args[0].value
        scaled = fault.file.replace(query, f"{_bare(fault, query)} * {code}")
        yield Candidate("Scale the query", (*imports, scaled, fault.file.replace(node, "1.0")))


def _bare(fault: Fault, node: cst.BaseExpression) -> str:
    code = fault.file.code(node)
    return code if isinstance(node, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) else f"({code})"


def _taking(fault: Fault) -> cst.Call | None:
    """The call at the finding that makes a number of a tensor; of several the outermost."""
    if fault.node is None:
        return None
    inside = [node for node in descendants(fault.node) if isinstance(node, cst.Call)]
    around = [node for node in fault.file.parents(fault.node) if isinstance(node, cst.Call)]
    return next((node for node in [*inside, *around[:1]] if _function(fault, node)), None)


def _function(fault: Fault, node: cst.Call) -> str:
    """What makes the number: "float", "item", "math.exp"."""
    match node.func:
        case cst.Name(value="int" | "float" | "bool" | "round" as name) if node.args:
            return name
        case cst.Attribute(attr=cst.Name(value="item" | "tolist" as name)) if not node.args:
            return name
        case cst.Attribute(value=cst.Name(value="math"), attr=cst.Name(value=name)) if name in _OF_MATH | set(_RENAMED):
            return f"math.{name}"
    return ""


def _kept(fault: Fault, node: cst.BaseExpression, torch: str) -> str | None:
    """The code of the tensor; None when there is none."""
    if fault.sighting is None:
        return None
    if isinstance(node, cst.Call):
        function = _function(fault, node)
        if function in ("item", "tolist") and isinstance(node.func, cst.Attribute):
            return _tensor(fault, fault.file.code(node.func.value))
        if function in ("float", "int", "bool") and len(node.args) == 1:
            inner = _kept(fault, node.args[0].value, torch)
            return _converted(fault, inner, function) if inner is not None else None
        if function == "round":
            inner = _kept(fault, node.args[0].value, torch)
            digits = f", decimals={fault.file.code(node.args[1].value)}" if len(node.args) == 2 else ""
            return f"{torch}.round({inner}{digits})" if inner is not None else None
        if function.startswith("math."):
            name = _RENAMED.get(function[5:], function[5:])
            codes = [_kept(fault, each.value, torch) or fault.file.code(each.value) for each in node.args]
            return f"{torch}.{name}({', '.join(codes)})"
    return _tensor(fault, fault.file.code(node))


def _tensor(fault: Fault, code: str) -> str | None:
    value = fault.sighting.value(code) if fault.sighting is not None else None
    return code if isinstance(value, t.Tensor) else None


def _converted(fault: Fault, code: str, function: str) -> str:
    """A tensor of the kind of number that was asked for."""
    value = fault.sighting.value(code) if fault.sighting is not None else None
    floats = isinstance(value, t.Tensor) and value.is_floating_point()
    simple = isinstance(cst.parse_expression(code), (cst.Name, cst.Call, cst.Attribute, cst.Subscript))
    bare = code if simple else f"({code})"
    match function:
        case "int":
            return f"{bare}.long()" if floats else code
        case "float":
            return code if floats else f"{bare}.float()"
    return f"{bare} != 0"


def _decisions(fault: Fault, node: cst.Call) -> tuple[Edit, ...] | None:
    """The decisions on the number further down, which are decisions on a tensor now; None when one has no form."""
    name = _assigned_name(fault, node)
    function = fault.file.around(node, cst.FunctionDef)
    if not name or function is None:
        return ()
    edits: list[Edit] = []
    for part in descendants(function.body):
        if not isinstance(part, (cst.If, cst.IfExp)) or not _reads(part.test, name) or _is_elif(fault, part):
            continue
        decided = replace(fault, place=_place(fault, part.test), tensors=(name,))
        found = next(branch_as_where.candidates(decided), None)
        if found is None:
            return None
        edits += found.edits
    return tuple(dict.fromkeys(edits))


def _is_elif(fault: Fault, node: cst.CSTNode) -> bool:
    """Whether the decision is part of another, with which it is rewritten."""
    parent = next(fault.file.parents(node))
    return isinstance(parent, cst.If) and parent.orelse is node


def _assigned_name(fault: Fault, node: cst.CSTNode) -> str:
    parent = next(fault.file.parents(node))
    match parent:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name
    return ""


def _reads(node: cst.CSTNode, name: str) -> bool:
    return any(isinstance(part, cst.Name) and part.value == name for part in descendants(node))


def _symbolic(fault: Fault, node: cst.Call, torch: str, imports: tuple[Edit, ...]) -> Iterator[Candidate]:
    """`.item()`; when it is a size, torch is told that it is one."""
    code = fault.file.code(node.args[0].value)
    if _tensor(fault, code) is None:
        return
    simple = isinstance(node.args[0].value, (cst.Name, cst.Call, cst.Attribute, cst.Subscript))
    edit = fault.file.replace(node, f"{code if simple else f'({code})'}.item()")
    yield Candidate("Take the number by `.item()`, which stays in the graph", (edit,), cost=1)
    name = _assigned_name(fault, node)
    statement = fault.file.statement(node)
    if name and statement is not None and isinstance(node.func, cst.Name) and node.func.value == "int":
        check = fault.file.insert_after(statement, f"{torch}._check({name} >= 0)")
        yield Candidate("Take the number by `.item()`, and say that it is a size", (*imports, edit, check), cost=2)
