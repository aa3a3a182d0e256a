"""`dynamic_shapes` with the structure of the inputs: what it says is kept where it can be."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.shapes_code import ShapesCode, inputs_of, shapes_code
from onnxdx.fixes.sources.target_code import entries, target_code

RULES = frozenset({"DX107"})
TITLE = "Give `dynamic_shapes` the structure of the inputs"


def candidates(fault: Fault) -> Iterator[Candidate]:
    """Names set right, entries spread over what they stand for, limits that let the sample in; then what is sure."""
    target = target_code(fault)
    shapes = shapes_code(fault)
    if target is None or target.shapes is None:
        return
    if shapes is not None:
        yield from _limits(fault, shapes)
        code = _structured(fault, shapes)
        if code:
            yield Candidate(TITLE, (shapes.file.replace(shapes.node, code),))
    right = str(fault.finding.facts().get("right") or "")
    if right:
        node = shapes.node if shapes is not None else target.shapes
        yield Candidate(TITLE, (target.file.replace(node, right),), cost=3)


def _limits(fault: Fault, shapes: ShapesCode) -> Iterator[Candidate]:
    """Limits of dims moved so far that the sizes of the sample are within them."""
    inputs = inputs_of(fault)
    calls: dict[int, tuple[cst.Call, list[int]]] = {}
    for axis in shapes.axes:
        call = shapes.target.followed(axis.value)
        value = inputs.get(axis.input)
        if isinstance(call, cst.Call) and isinstance(value, t.Tensor) and axis.axis < value.ndim:
            calls.setdefault(id(call), (call, []))[1].append(value.shape[axis.axis])
    edits = []
    for call, sizes in calls.values():
        for argument in call.args:
            limit = argument.value
            if argument.keyword is None or not isinstance(limit, cst.Integer):
                continue
            number, name = int(limit.value), argument.keyword.value
            if name == "min" and min(sizes) < number:
                edits.append(shapes.file.replace(limit, str(min(sizes))))
            if name == "max" and max(sizes) > number:
                edits.append(shapes.file.replace(limit, str(max(sizes))))
    if edits:
        yield Candidate("Let the limits of the dim include the sample", tuple(edits))


def _structured(fault: Fault, shapes: ShapesCode) -> str:
    """The entries by input; empty when that changes nothing."""
    inputs = inputs_of(fault)
    written = shapes.entries(fault)
    unknown = [name for name in written if name not in inputs]
    missing = [name for name in inputs if name not in written]
    for name in list(missing):
        near = difflib.get_close_matches(name, unknown, 1, 0.0)
        if near and len(missing) == len(unknown):
            written[name] = written.pop(near[0])
            unknown.remove(near[0])
    parts = []
    for name, value in inputs.items():
        entry = written.get(name)
        code = _spread(shapes, entry, value) if entry is not None else _like_another(inputs, written, shapes, value)
        parts.append(f'"{name}": {code}')
    return "{" + ", ".join(parts) + "}"


def _spread(shapes: ShapesCode, entry: cst.BaseExpression, value: Any) -> str:
    """An entry as it fits a value: the entry of one tensor, for all tensors of a list, a tuple or a dict."""
    code = shapes.file.code(entry)
    node = shapes.target.followed(entry)
    if isinstance(value, t.Tensor):
        return _of_tensor(shapes, node, value) if isinstance(node, cst.Dict) else code
    if not isinstance(value, (list, tuple, dict)):
        return "None"
    of_axes = isinstance(node, cst.Dict) and all(key.lstrip("-").isdigit() for key, _ in entries(shapes.file, node))
    if not of_axes:
        return code
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_spread(shapes, entry, item)}" for key, item in value.items()) + "}"
    items = ", ".join(_spread(shapes, entry, item) for item in value)
    return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"


def _of_tensor(shapes: ShapesCode, node: cst.Dict, value: t.Tensor) -> str:
    """The axes that the tensor has; a size of -1 is what other tools write for a dynamic one."""
    kept = []
    dim = ""
    for key, item in entries(shapes.file, node):
        if not key.lstrip("-").isdigit() or not -value.ndim <= int(key) < value.ndim:
            continue
        code = shapes.file.code(item)
        if code == "-1":
            dim = dim or shapes.dim_imports()[0]
            code = f"{dim}.DYNAMIC"
        kept.append(f"{key}: {code}")
    return "{" + ", ".join(kept) + "}" if kept else "None"


def _like_another(
    inputs: dict[str, Any], written: dict[str, cst.BaseExpression], shapes: ShapesCode, value: Any
) -> str:
    """For an input without an entry that of another of the same shape."""
    if isinstance(value, t.Tensor):
        for name, entry in written.items():
            other = inputs.get(name)
            if isinstance(other, t.Tensor) and other.shape == value.shape:
                return shapes.file.code(entry)
    return "None"
