"""A list that is indexed by a tensor: all of it is computed or stacked, and the tensor picks in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import descendants
from onnxdx.fixes.sources.tensor_test import without_numbers

RULES = frozenset({"DX102"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """Modules that are called, numbers, tensors; and a row that is written."""
    subscript = _subscript(fault)
    if subscript is None or fault.sighting is None or len(subscript.slice) != 1:
        return
    part = subscript.slice[0].slice
    index = without_numbers(fault, part.value) if isinstance(part, cst.Index) else None
    if index is None:
        return
    torch, imports = fault.file.importing("torch")
    listed = fault.file.code(subscript.value)
    value = fault.sighting.value(listed)
    if isinstance(value, t.Tensor):
        yield from _written(fault, subscript, listed, index)
        return
    items = list(value) if isinstance(value, (list, tuple, t.nn.ModuleList)) else []
    if items and all(callable(item) for item in items):
        yield from _called(fault, subscript, listed, index, torch)
    elif items and all(isinstance(item, (int, float)) for item in items):
        code = f"{torch}.tensor({listed})[{index}]"
        yield Candidate("Make a tensor of the numbers, and pick in it", (*imports, fault.file.replace(subscript, code)))
    elif items and all(isinstance(item, t.Tensor) for item in items):
        code = _picked(f"{torch}.stack({_as_list(value, listed)})", index)
        yield Candidate("Stack the tensors, and pick one of them", (*imports, fault.file.replace(subscript, code)))


def _as_list(value: Any, code: str) -> str:
    return code if isinstance(value, (list, tuple)) else f"list({code})"


def _subscript(fault: Fault) -> cst.Subscript | None:
    node = fault.node
    if node is None:
        return None
    statement = fault.file.statement(node)
    near = [*descendants(node), *fault.file.parents(node)]
    found = [each for each in near if isinstance(each, cst.Subscript)]
    if not found and statement is not None:  # the value of `rows[index] = value`
        found = [each for each in descendants(statement) if isinstance(each, cst.Subscript)]
    return found[0] if found else None


def _picked(stacked: str, index: str) -> str:
    return f"{stacked}.index_select(0, {index}.reshape(1)).squeeze(0)"


def _called(fault: Fault, subscript: cst.Subscript, listed: str, index: str, torch: str) -> Iterator[Candidate]:
    """`experts[index](x)`, at once or under a name: the results of all of them are stacked."""
    title = "Compute all of them, and pick one result"
    parent = next(fault.file.parents(subscript))
    used = {node.value for node in fault.file.nodes(cst.Name)}
    each = next(name for name in ("each", "one", "every", "candidate") if name not in used)

    def code(call: cst.Call, picked: str) -> str:
        return _picked(f"{torch}.stack([{each}({_arguments(fault, call)}) for {each} in {listed}])", picked)

    if isinstance(parent, cst.Call) and parent.func is subscript:
        yield Candidate(title, (fault.file.replace(parent, code(parent, _bare(index))),))
        return
    match parent:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            function = fault.file.around(parent, cst.FunctionDef)
            uses = _uses(function, name) if function is not None else []
            calls = [node for node in (fault.file.around(use, cst.Call) for use in uses) if node is not None]
            if calls and all(call.func is use for call, use in zip(calls, uses, strict=False)):
                chosen = next(
                    each for each in ("chosen", "index", f"{name}_index", "picked") if each not in used | {name}
                )
                edits = [fault.file.replace(parent, f"{chosen} = {index}")]
                edits += [fault.file.replace(call, code(call, chosen)) for call in calls]
                yield Candidate(title, tuple(edits))


def _uses(function: cst.FunctionDef, name: str) -> list[cst.Name]:
    named = [node for node in descendants(function.body) if isinstance(node, cst.Name) and node.value == name]
    return named[1:]  # the first is where it is set


def _arguments(fault: Fault, call: cst.Call) -> str:
    codes = (fault.file.code(each.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for each in call.args)
    return ", ".join(codes)


def _bare(code: str) -> str:
    node = cst.parse_expression(code)
    return code if isinstance(node, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) else f"({code})"


def _written(fault: Fault, subscript: cst.Subscript, listed: str, index: str) -> Iterator[Candidate]:
    """`rows[index] = value` with an index of no dimensions, as a write of one row."""
    statement = fault.file.around(subscript, cst.Assign)
    if statement is None or statement.targets[0].target is not subscript or len(statement.targets) != 1:
        return
    value = fault.file.code(statement.value)
    code = f"{listed}.index_copy_(0, {_bare(index)}.reshape(1), {_bare(value)}.unsqueeze(0))"
    yield Candidate("Write the row by `index_copy_`", (fault.file.replace(statement, code),))
