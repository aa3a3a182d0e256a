"""A sample input of size 2 on an axis that is to be dynamic: torch takes a size of 1 as a constant."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.shapes_code import shapes_code
from onnxdx.fixes.sources.target_code import TargetCode, target_code
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX104"})
_SIZED_BY_ALL = frozenset({"rand", "randn", "zeros", "ones", "empty"})
_SIZED_BY = {"full": 0, "randint": 2, "normal": 2}


def candidates(fault: Fault) -> Iterator[Candidate]:
    """All inputs that have the dim get the new size."""
    facts = fault.finding.facts()
    target = target_code(fault)
    if not facts.get("by_sample") or target is None:
        return
    shapes = shapes_code(fault)
    axes = [(each.input, each.axis) for each in shapes.of(str(facts["dim"]))] if shapes is not None else []
    together = dict.fromkeys([(str(facts["input"]), int(facts["axis"])), *axes])
    edits = []
    for name, axis in together:
        argument = target.argument(fault, name)
        edit = _resized(target, argument, axis) if argument is not None else None
        if edit is None:
            return
        edits.append(edit)
    title = f"Give a sample input of size 2 on axis {facts['axis']} of `{facts['input']}`"
    yield Candidate(title, tuple(edits))


def _resized(target: TargetCode, argument: cst.BaseExpression, axis: int) -> Edit | None:
    """The literal that gives the axis its size."""
    call = target.followed(argument)
    while isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and not _sizes(target, call):
        call = target.followed(call.func.value)  # torch.rand(1, 3).half()
    if not isinstance(call, cst.Call):
        return None
    sizes = _sizes(target, call)
    if not 0 <= axis < len(sizes):
        return None
    size = sizes[axis]
    return target.file.replace(size, "2") if isinstance(size, cst.Integer) else None


def _sizes(target: TargetCode, call: cst.Call) -> list[cst.BaseExpression]:
    name = target.file.code(call.func).rpartition(".")[2]
    given = [each.value for each in call.args if each.keyword is None and not each.star]
    for each in call.args:
        if each.keyword is not None and each.keyword.value == "size":
            given, name = [each.value], "full"
    if name in _SIZED_BY and len(given) > _SIZED_BY[name]:
        given = [given[_SIZED_BY[name]]]
    elif name in _SIZED_BY and given and isinstance(given[-1], (cst.Tuple, cst.List)):
        given = [given[-1]]
    elif name not in _SIZED_BY_ALL:
        return []
    if len(given) == 1:
        listed = target.followed(given[0])
        if isinstance(listed, (cst.Tuple, cst.List)):
            return [element.value for element in listed.elements]
    return given
