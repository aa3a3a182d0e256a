"""A write into an input goes into a copy of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import SourceFile, descendants

RULES = frozenset({"DX414", "DX201", "DX113"})
NOTE = "The tensor that is handed in stays as it is; what is returned is the same."


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The variable that is written, in front of the write; or the input, where `forward` begins."""
    statement = fault.statement
    if statement is not None and fault.finding.id != "DX113" and fault.sighting is not None:
        for name in _written(fault, statement):
            edit = fault.file.insert_before(statement, f"{name} = {name}.clone()")
            yield Candidate("Write into a copy", (edit,), NOTE, cost=1)
    if fault.finding.id == "DX414":
        yield from _at_the_beginning(fault)


def _written(fault: Fault, statement: cst.CSTNode) -> Iterator[str]:
    """Tensor variables that the statement speaks of first: what is written stands at its beginning."""
    for node in descendants(statement):
        if isinstance(node, cst.Name) and fault.sighting is not None and fault.sighting.is_tensor(node.value):
            yield node.value
            return


def _at_the_beginning(fault: Fault) -> Iterator[Candidate]:
    found = _forward(fault)
    name = re.split(r"[\W]|_\d+$", str(fault.finding.facts()["input"]))[0]
    if found is None:
        return
    file, function = found
    parameters = {each.name.value for each in function.params.params}
    if name not in parameters or not isinstance(function.body, cst.IndentedBlock):
        return
    value = _value(fault, name)
    code = _copy(name, value)
    if code:
        first = next((each for each in function.body.body if not _is_docstring(each)), None)
        if first is not None:
            yield Candidate(f"Write into a copy of `{name}`", (file.insert_before(first, code),), NOTE, cost=2)


def _copy(name: str, value: Any) -> str:
    if isinstance(value, t.Tensor):
        return f"{name} = {name}.clone()"
    if isinstance(value, (list, tuple)) and all(isinstance(item, t.Tensor) for item in value):
        each = name[:-1] if name.endswith("s") else "each"
        copies = f"{each}.clone() for {each} in {name}"
        return f"{name} = [{copies}]" if isinstance(value, list) else f"{name} = tuple({copies})"
    if isinstance(value, dict) and all(isinstance(item, t.Tensor) for item in value.values()):
        return f"{name} = {{key: value.clone() for key, value in {name}.items()}}"
    return ""


def _value(fault: Fault, name: str) -> Any:
    request = fault.evidence.request
    parameters = inspect.signature(request.model.forward).parameters
    return {**dict(zip(parameters, request.args, strict=False)), **request.kwargs}.get(name)


def _forward(fault: Fault) -> tuple[SourceFile, cst.FunctionDef] | None:
    """The definition of the model's own `forward`."""
    forward = inspect.unwrap(fault.evidence.request.model.forward)
    code = getattr(getattr(forward, "__func__", forward), "__code__", None)
    file = fault.other_file(code.co_filename) if code is not None else None
    if file is None or code is None:
        return None
    for function in file.nodes(cst.FunctionDef):
        first = min([file.range(function).start.line, *(file.range(each).start.line for each in function.decorators)])
        if function.name.value == code.co_name and first <= code.co_firstlineno <= file.range(function).start.line:
            return file, function
    return None


def _is_docstring(statement: cst.BaseStatement) -> bool:
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    return isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))
