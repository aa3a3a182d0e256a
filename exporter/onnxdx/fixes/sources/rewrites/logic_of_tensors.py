"""Python's logic on tensors as torch's: `and`, `or`, `not`, `min`, `max` and `sorted` by a key."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.tensor_test import tensor_test

RULES = frozenset({"DX101"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The innermost expression around the finding's that has a form in torch."""
    if fault.node is None:
        return
    torch, imports = fault.file.importing("torch")
    for node in (fault.node, *fault.file.parents(fault.node)):
        if isinstance(node, cst.BaseStatement):
            return
        if isinstance(node, (cst.BooleanOperation, cst.UnaryOperation)) and not _is_test(fault, node):
            test = tensor_test(fault, node, torch)
            if test is not None:
                title = "Let torch combine the truths"
                yield Candidate(title, (*imports, fault.file.replace(node, test.code)))
        if isinstance(node, cst.Call):
            code = _call(fault, node, torch)
            if code:
                yield Candidate("Let torch order the values", (*imports, fault.file.replace(node, code)))


def _is_test(fault: Fault, node: cst.BaseExpression) -> bool:
    parent = next(fault.file.parents(node))
    return isinstance(parent, (cst.If, cst.IfExp, cst.While, cst.Assert)) and parent.test is node


def _call(fault: Fault, node: cst.Call, torch: str) -> str:
    name = node.func.value if isinstance(node.func, cst.Name) else ""
    arguments = [argument for argument in node.args if argument.keyword is None]
    if name in ("min", "max") and len(arguments) == len(node.args) > 1:
        codes = [fault.file.code(argument.value) for argument in arguments]
        return _extreme(fault, name, codes, torch)
    if name == "sorted" and len(arguments) == 1:
        keywords = {fault.file.code(each.keyword): each.value for each in node.args if each.keyword is not None}
        return _order(fault, arguments[0].value, keywords, torch)
    return ""


def _extreme(fault: Fault, name: str, codes: list[str], torch: str) -> str:
    """`max(a, b)` of tensors; a number becomes a tensor like the others."""
    values = [fault.sighting.value(code) if fault.sighting is not None else None for code in codes]
    like = next((code for code, value in zip(codes, values, strict=True) if isinstance(value, t.Tensor)), "")
    if not like:
        return ""
    tensors = [
        code if isinstance(value, t.Tensor) else f"{torch}.full_like({like}, {code})"
        for code, value in zip(codes, values, strict=True)
    ]
    joined = tensors[0]
    for code in tensors[1:]:
        joined = f"{torch}.{name}imum({joined}, {code})"
    return joined


def _order(fault: Fault, iterable: cst.BaseExpression, keywords: dict[str, cst.BaseExpression], torch: str) -> str:
    """`sorted(range(n), key=lambda row: key[row])`: the order of positions by a tensor."""
    key = keywords.get("key")
    if not isinstance(key, cst.Lambda) or len(key.params.params) != 1 or not set(keywords) <= {"key", "reverse"}:
        return ""
    counts = isinstance(iterable, cst.Call) and isinstance(iterable.func, cst.Name) and iterable.func.value == "range"
    parameter = key.params.params[0].name.value
    body = fault.file.code(key.body)
    if not counts or f"[{parameter}]" not in body:
        return ""
    values = body.replace(f"[{parameter}]", "")
    descending = ", descending=True" if fault.file.code(keywords.get("reverse", cst.Name("False"))) == "True" else ""
    return f"{torch}.argsort({values}, stable=True{descending})"
