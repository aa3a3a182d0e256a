"""A write into a tensor as a new tensor under the same name: `x.add_(1)` becomes `x = x.add(1)`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault

RULES = frozenset({"DX120", "DX201", "DX309", "DX414"})
_PLAIN = (cst.Name, cst.Call, cst.Attribute, cst.Subscript, cst.Integer, cst.Float)
_ALL = (":", "...")
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
            yield from _part(fault, name, target, file.code(small.value), torch)
        case cst.AugAssign(target=cst.Subscript(value=cst.Name(value=name)) as target):
            operation = f"{file.code(target)} {file.code(small.operator).rstrip('=')} {_bare(file.code(small.value))}"
            yield from _part(fault, name, target, operation, torch)


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


def _part(fault: Fault, name: str, target: cst.Subscript, code: str, torch: str) -> Iterator[str]:
    """`x[mask] = v`, `x[:, mask] = v`: what is chosen by the mask."""
    if fault.sighting is None:
        return
    whole, filled = fault.sighting.value(name), fault.sighting.value(code)
    placed = _mask(fault, target, whole) if isinstance(whole, t.Tensor) else None
    if placed is None or not isinstance(whole, t.Tensor):
        return
    wide, following = placed
    index = fault.file.code(target).removeprefix(name)
    everywhere = code.replace(index, "")
    if isinstance(filled, (bool, int, float)):
        yield f"{name} = {name}.masked_fill({wide}, {code})"
    elif isinstance(filled, t.Tensor) and index in code and _is_like(fault, everywhere, whole):
        yield f"{name} = {torch}.where({wide}, {everywhere}, {name})"
    elif isinstance(filled, t.Tensor) and filled.ndim <= following:
        yield f"{name} = {torch}.where({wide}, {code}, {name})"
    elif isinstance(filled, t.Tensor):
        yield f"{name} = {name}.masked_scatter({wide}, {code})"


def _mask(fault: Fault, target: cst.Subscript, whole: t.Tensor) -> tuple[str, int] | None:
    """The only mask among the indices, as it broadcasts to the whole, and how many axes follow on it.

    None when there is none, or another index that is no full slice.
    """
    codes = [fault.file.code(each.slice) for each in target.slice]
    at = next((number for number, code in enumerate(codes) if code not in _ALL), None)
    if at is None or fault.sighting is None or any(code != ":" for code in codes[at + 1 :]) or "..." in codes[1:]:
        return None
    flags = fault.sighting.value(codes[at])
    if not isinstance(flags, t.Tensor) or flags.dtype is not t.bool:
        return None
    following = len(codes) - at - 1 if "..." in codes[:at] else whole.ndim - flags.ndim - at
    return codes[at] if not following else f"{_bare(codes[at])}[(...,) + (None,) * {following}]", following


def _is_like(fault: Fault, code: str, whole: t.Tensor) -> bool:
    """Whether some code gives a tensor of this shape."""
    value = fault.sighting.value(code) if fault.sighting is not None else None
    return isinstance(value, t.Tensor) and value.shape == whole.shape


def _bare(code: str) -> str:
    node = cst.parse_expression(code)
    return code if isinstance(node, _PLAIN) else f"({code})"
