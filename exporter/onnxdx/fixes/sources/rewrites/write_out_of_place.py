"""A write into a tensor as a new tensor under the same name: `x.add_(1)` becomes `x = x.add(1)`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.sighting import Unknown

RULES = frozenset({"DX120", "DX201", "DX414"})
NOTE = "The tensor that is handed in stays as it is; what is returned is the same."


def candidates(fault: Fault) -> Iterator[Candidate]:
    """An operator with an underscore, an augmented assignment, an assignment by a mask or to a part."""
    statement = fault.statement
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return
    torch, imports = fault.file.importing("torch")
    small = statement.body[0]
    for code in _codes(fault, small, torch):
        yield Candidate("Compute a new tensor in place of the write", (*imports, fault.file.replace(small, code)), NOTE)


def _codes(fault: Fault, small: cst.BaseSmallStatement, torch: str) -> Iterator[str]:
    file = fault.file
    match small:
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method)))):
            yield from _method(fault, name, method, small.value, torch)
        case cst.AugAssign(target=cst.Name(value=name)):
            value = file.code(small.value)
            simple = isinstance(small.value, (cst.Name, cst.Call, cst.Attribute, cst.Subscript, cst.Integer, cst.Float))
            yield f"{name} = {name} {file.code(small.operator).rstrip('=')} {value if simple else f'({value})'}"
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=name)) as target)]):
            yield from _part(fault, name, target, small.value, torch)


def _method(fault: Fault, name: str, method: str, call: cst.BaseExpression, torch: str) -> Iterator[str]:
    """`x.add_(1)`; those without a form of their own are filled or copied."""
    if not method.endswith("_") or method.endswith("__") or not isinstance(call, cst.Call):
        return
    codes = [fault.file.code(each.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for each in call.args]
    arguments = ", ".join(codes)
    plain = method.rstrip("_")
    if plain == "zero":
        yield f"{name} = {torch}.zeros_like({name})"
    elif plain == "fill":
        yield f"{name} = {torch}.full_like({name}, {arguments})"
    elif plain == "copy" and codes:
        yield f"{name} = {codes[0]}.expand_as({name}).to({name}.dtype)"
    elif hasattr(t.Tensor, plain):
        yield f"{name} = {name}.{plain}({arguments})"


def _part(fault: Fault, name: str, target: cst.Subscript, value: cst.BaseExpression, torch: str) -> Iterator[str]:
    """`x[mask] = v` chooses by the mask; `x[:, 0] = v` and the like write into a copy."""
    code = fault.file.code(value)
    if len(target.slice) != 1 or not isinstance(target.slice[0].slice, cst.Index) or fault.sighting is None:
        return
    mask = fault.file.code(target.slice[0].slice.value)
    flags, whole, filled = (fault.sighting.value(each) for each in (mask, name, code))
    if isinstance(flags, Unknown) or not isinstance(flags, t.Tensor) or flags.dtype is not t.bool:
        return
    if not isinstance(whole, t.Tensor):
        return
    missing = whole.ndim - flags.ndim
    wide = mask if missing == 0 else f"{_bare(mask)}[(...,) + (None,) * {missing}]"
    if isinstance(filled, (bool, int, float)):
        yield f"{name} = {name}.masked_fill({wide}, {code})"
    elif isinstance(filled, t.Tensor) and filled.ndim == 0:
        yield f"{name} = {torch}.where({wide}, {code}, {name})"
    elif isinstance(filled, t.Tensor):
        yield f"{name} = {name}.masked_scatter({wide}, {code})"


def _bare(code: str) -> str:
    node = cst.parse_expression(code)
    return code if isinstance(node, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) else f"({code})"
