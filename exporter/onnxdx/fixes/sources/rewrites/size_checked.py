"""A size that depends on data: torch is told what holds for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import descendants

RULES = frozenset({"DX103"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """`torch._check` in front of the statement: the size that unpacking needs, or the condition or its opposite."""
    statement = fault.statement
    condition = str(fault.finding.facts().get("condition") or "")
    if statement is None or not condition:
        return
    torch, imports = fault.file.importing("torch")
    for check in dict.fromkeys([*_unpacked(fault, statement, condition), condition, f"not ({condition})"]):
        try:
            cst.parse_expression(check)
        except cst.ParserSyntaxError:
            continue
        edit = fault.file.insert_before(statement, f"{torch}._check({_plain(check)})")
        yield Candidate("Say what holds for the size", (*imports, edit))


def _unpacked(fault: Fault, statement: cst.CSTNode, condition: str) -> Iterator[str]:
    size = re.search(r"[A-Za-z_][\w.]*\.shape\[\d+\]", condition)
    for assign in descendants(statement):
        if isinstance(assign, cst.Assign) and isinstance(assign.targets[0].target, cst.Tuple) and size is not None:
            yield f"{size[0]} == {len(assign.targets[0].target.elements)}"
    value = fault.sighting.value(size[0]) if size is not None and fault.sighting is not None else None
    if isinstance(value, (int, t.SymInt)) and size is not None:
        yield f"{size[0]} == {value}"


def _plain(check: str) -> str:
    match = re.fullmatch(r"not \((.+) (==|!=|<|<=|>|>=) (.+)\)", check)
    opposite = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
    return f"{match[1]} {opposite[match[2]]} {match[3]}" if match else check
