"""The schema of a custom operator that says what the operator writes, and a result with memory of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import descendants

RULES = frozenset({"DX113"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The argument in `mutates_args`; a copy of it in the kernel; or a copy of what is returned."""
    function = next((each for each in fault.file.nodes(cst.FunctionDef) if _stands_on(fault, each)), None)
    problem = str(fault.finding.facts()["problem"])
    if function is None:
        return
    written = re.search(r"writes into `(\w+)`", problem)
    if written is not None:
        name = written[1]
        for decorator in function.decorators:
            for argument in descendants(decorator):
                if isinstance(argument, cst.Arg) and argument.keyword and argument.keyword.value == "mutates_args":
                    code = _with(fault, argument.value, name)
                    if code:
                        edit = fault.file.replace(argument.value, code)
                        yield Candidate(f"Say that the operator writes into `{name}`", (edit,))
        first = function.body.body[0] if isinstance(function.body, cst.IndentedBlock) else None
        if first is not None:
            edit = fault.file.insert_before(first, f"{name} = {name}.clone()")
            yield Candidate("Write into a copy", (edit,), cost=1)
    if "the memory of" in problem:
        for each in descendants(function.body):
            if isinstance(each, cst.Return) and each.value is not None:
                edit = fault.file.replace(each.value, f"{_bare(fault, each.value)}.clone()")
                yield Candidate("Return a copy", (edit,))


def _stands_on(fault: Fault, function: cst.FunctionDef) -> bool:
    lines = [fault.file.range(each).start.line for each in (function, *function.decorators)]
    return min(lines) <= fault.place.line <= fault.file.range(function).start.line


def _with(fault: Fault, value: cst.BaseExpression, name: str) -> str:
    if isinstance(value, (cst.Tuple, cst.List, cst.Set)):
        names = [*(fault.file.code(each.value) for each in value.elements), f'"{name}"']
        return f"({', '.join(names)}{',' if len(names) == 1 else ''})"
    return f'("{name}",)' if fault.file.code(value) in ("()", "[]") else ""


def _bare(fault: Fault, value: cst.BaseExpression) -> str:
    code = fault.file.code(value)
    return code if isinstance(value, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) else f"({code})"
