"""A fake kernel for a custom operator, by what the operator returned in calls at several sizes."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator

import libcst as cst

from onnxdx.compat.kernels import kernel_of
from onnxdx.compat.torch_operators import schema
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.observed_calls import ObservedCall, observed_calls
from onnxdx.fixes.sources.result_shapes import results_code
from onnxdx.fixes.sources.source_file import SourceFile, descendants

RULES = frozenset({"DX111", "DX112"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """Registered behind the operator, or its `return` set right."""
    operator = str(fault.finding.facts()["operator"])
    calls = observed_calls(fault.evidence.request, operator)
    if not calls:
        return
    if fault.finding.id == "DX112":
        yield from _corrected(fault, list(calls[0].arguments), calls)
        return
    for path in dict.fromkeys((fault.file.path, *_paths(fault, calls[0]))):
        file = fault.other_file(path)
        place = _defined(file, operator) if file is not None else None
        if file is None or place is None:
            continue
        torch, imports = file.importing("torch")
        lines = results_code(calls, {name: name for name in calls[0].arguments}, torch)
        if lines is None:
            return
        statement, variable = place
        decorator = f"@{variable}.register_fake" if variable else f'@{torch}.library.register_fake("{operator}")'
        body = textwrap.indent("\n".join(lines), "    ")
        text = f"\n\n{decorator}\ndef _({_parameters(calls[0])}):\n{body}"
        title = f"Say the shape of what `{operator}` returns, as it was in {len(calls)} calls"
        yield Candidate(title, (*imports, file.insert_after(statement, text)))
        return


def _parameters(call: ObservedCall) -> str:
    """The parameters of the operator, with the defaults that a call may leave out."""
    parts: list[str] = []
    for each in schema(call.function).arguments:
        if each.kwarg_only and "*" not in parts:
            parts.append("*")
        parts.append(f"{each.name}={each.default_value!r}" if each.has_default_value() else each.name)
    return ", ".join(parts)


def _paths(fault: Fault, call: ObservedCall) -> Iterator[str]:
    """The files in which the operator may be defined: that of its function, and those on the stack."""
    code = getattr(inspect.unwrap(kernel_of(call.function) or _paths), "__code__", None)
    if code is not None:
        yield code.co_filename
    yield from (frame.location.path for frame in fault.finding.site.stack if frame.user)
    if fault.evidence.request.call_site is not None:
        yield fault.evidence.request.call_site.path


def _defined(file: SourceFile, operator: str) -> tuple[cst.CSTNode, str] | None:
    """The last statement at the top that makes the operator, and the name of its function where it has one."""
    namespace, _, bare = operator.partition("::")
    found: tuple[cst.CSTNode, str] | None = None
    for statement in file.module.body:
        if isinstance(statement, cst.FunctionDef):
            if any(operator in file.code(decorator) for decorator in statement.decorators):
                return statement, statement.name.value
        elif isinstance(statement, cst.SimpleStatementLine) and _speaks_of(file, statement, namespace, bare):
            found = statement, ""
    return found


def _speaks_of(file: SourceFile, statement: cst.CSTNode, namespace: str, bare: str) -> bool:
    strings = [str(node.evaluated_value) for node in descendants(statement) if isinstance(node, cst.SimpleString)]
    return any(text.split("(")[0].split("::")[-1] == bare or text == namespace for text in strings)


def _corrected(fault: Fault, parameters: list[str], calls: list[ObservedCall]) -> Iterator[Candidate]:
    function = fault.file.around(fault.statement, cst.FunctionDef) if fault.statement is not None else None
    statement = fault.statement
    if function is None or not isinstance(statement, cst.SimpleStatementLine):
        return
    own = [each.name.value for each in function.params.params]
    if len(own) != len(parameters):
        return
    torch, imports = fault.file.importing("torch")
    lines = results_code(calls, dict(zip(parameters, own, strict=True)), torch)
    if lines is not None and isinstance(statement.body[-1], cst.Return):
        edit = fault.file.replace_statements(statement, statement, "\n".join(lines))
        yield Candidate("Let the fake kernel say the shape that the operator returns", (*imports, edit))
