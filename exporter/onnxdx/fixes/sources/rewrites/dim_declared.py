"""`dynamic_shapes` that say what the model can do: dims within its limits, as multiples, and tied as it ties them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import libcst as cst
import torch as t

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.shapes_code import ShapesCode, inputs_of, shapes_code
from onnxdx.fixes.sources.target_code import entries
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX104", "DX105", "DX106", "DX125", "DX126"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """What the rule says is to be declared; then the dim left out."""
    shapes = shapes_code(fault)
    if shapes is None:
        return
    facts = fault.finding.facts()
    declare = str(facts.get("declare") or "")
    if declare:
        yield from _declared(shapes, declare)
    dim = str(facts.get("dim") or "")
    if dim and shapes.of(dim):
        if fault.finding.id == "DX104":
            yield from _of_others(fault, shapes, dim)
        yield Candidate(f"Leave `{dim}` static", shapes.without(shapes.of(dim)), cost=3)


def _declared(shapes: ShapesCode, declare: str) -> Iterator[Candidate]:
    *_, last = declare.split("\n")
    name, _, value = (part.strip() for part in last.partition("="))
    if not shapes.of(name):
        return
    limits = re.fullmatch(r"Dim\(\"\w+\"(.*)\)", value)
    multiple = re.fullmatch(r"(\d+) \* (\w+)", value)
    tied = re.fullmatch(r"([A-Za-z_]\w*)\s*([-+*] \d+)?", value)
    if limits is not None:
        yield from _limited(shapes, name, limits[1])
    elif multiple is not None:
        yield from _multiple(shapes, name, int(multiple[1]))
    elif tied is not None and shapes.of(tied[1]):
        yield from _tied(shapes, name, tied[1], tied[2] or "")


def _of_others(fault: Fault, shapes: ShapesCode, dim: str) -> Iterator[Candidate]:
    """The same dim for inputs that have this size on this axis, or on any, and do not say that it varies."""
    first = shapes.of(dim)[0]
    size = inputs_of(fault).get(first.input)
    if not isinstance(size, t.Tensor):
        return
    code, lines, changes = shapes.file.code(first.value), list[str](), dict[str, str]()
    if not first.dim:
        return
    if isinstance(first.value, cst.Call):
        variable = _variable(shapes, dim)
        lines, changes, code = [f"{variable} = {code}"], {dim: variable}, variable
    for axes in ((first.axis,), None):
        added = tuple(_added(fault, shapes, size.shape[first.axis], axes, code))
        if added:
            title = f"Let `{dim}` be the size of the other inputs too"
            yield Candidate(title, (*shapes.declared(lines, changes), *added))


def _added(fault: Fault, shapes: ShapesCode, size: int, axes: tuple[int, ...] | None, code: str) -> Iterator[Edit]:
    """An entry more for each axis of this size that has none."""
    written = shapes.entries(fault)
    for name, value in inputs_of(fault).items():
        entry = written.get(name)
        if entry is None or not isinstance(value, t.Tensor):
            continue
        has = {each.axis % value.ndim for each in shapes.axes if each.input == name and value.ndim}
        fit = [a for a in range(value.ndim) if value.shape[a] == size and a not in has and (axes is None or a in axes)]
        if not fit:
            continue
        new = [f"{axis}: {code}" for axis in fit]
        if isinstance(entry, cst.Dict):
            kept = [f"{key}: {shapes.file.code(item)}" for key, item in entries(shapes.file, entry)]
            yield shapes.file.replace(entry, "{" + ", ".join(sorted([*new, *kept])) + "}")
        elif isinstance(entry, cst.Name) and entry.value == "None":
            yield shapes.file.replace(entry, "{" + ", ".join(new) + "}")


def _limited(shapes: ShapesCode, name: str, limits: str) -> Iterator[Candidate]:
    """`Dim("seq", max=16)`, with what was declared besides."""
    new = dict(re.findall(r"(\w+)=(\w+)", limits))
    keywords = {**_keywords(shapes, name), **new}
    dim, imports = shapes.dim_imports()
    code = f'{dim}("{name}", {", ".join(f"{key}={value}" for key, value in keywords.items())})'
    title = f"Declare the sizes of `{name}` that the model takes"
    call = shapes.dim_call(name)
    if call is not None:
        yield Candidate(title, (shapes.file.replace(call, code),))
    elif len(shapes.of(name)) == 1:
        yield Candidate(title, (*imports, *shapes.declared([], {name: code})))
    else:
        variable = _variable(shapes, name)
        yield Candidate(title, (*imports, *shapes.declared([f"{variable} = {code}"], {name: variable})))


def _multiple(shapes: ShapesCode, name: str, factor: int) -> Iterator[Candidate]:
    """`4 * Dim("part")`, whose limits are those of the whole by the factor."""
    limits = {key: int(value) for key, value in _keywords(shapes, name).items() if value.isdigit()}
    if "min" in limits:
        limits["min"] = max(1, math.ceil(limits["min"] / factor))
    if "max" in limits:
        limits["max"] = limits["max"] // factor
    dim, imports = shapes.dim_imports()
    part = _variable(shapes, f"{name}_part")
    keywords = "".join(f", {key}={value}" for key, value in limits.items())
    yield Candidate(
        f"Declare that `{name}` is a multiple of {factor}",
        (*imports, *shapes.declared([f'{part} = {dim}("{part}"{keywords})'], {name: f"{factor} * {part}"})),
    )


def _tied(shapes: ShapesCode, name: str, other: str, offset: str) -> Iterator[Candidate]:
    """One dim by another: the same, or so much more or less."""
    title = f"Declare how `{name}` follows from `{other}`" if offset else f"Give `{name}` and `{other}` one name"
    axis, first = shapes.of(name)[0], shapes.of(other)[0]
    code = shapes.file.code(first.value)
    is_call = isinstance(first.value, cst.Call)
    if not offset and not is_call:
        yield Candidate(title, shapes.declared([], {axis.dim: code}))
        return
    dim, imports = ("", ()) if is_call or not isinstance(first.value, cst.SimpleString) else shapes.dim_imports()
    if isinstance(first.value, cst.Name):
        yield Candidate(title, shapes.declared([], {name: f"{code} {offset}"}))
        return
    if offset:
        opposite = offset.translate(str.maketrans("+-", "-+"))
        yield from _after(shapes, title, other, name, opposite)
    variable = _variable(shapes, other)
    declared = code if is_call else f'{dim}("{other}")'
    changes = {other: variable, name: f"{variable} {offset}".strip()}
    yield Candidate(title, (*imports, *shapes.declared([f"{variable} = {declared}"], changes)))


def _after(shapes: ShapesCode, title: str, name: str, other: str, offset: str) -> Iterator[Candidate]:
    """The same the other way round: torch takes one of two that follow from each other."""
    first = shapes.of(other)[0].value
    dim, imports = shapes.dim_imports()
    variable = _variable(shapes, other)
    declared = shapes.file.code(first) if isinstance(first, cst.Call) else f'{dim}("{other}")'
    changes = {other: variable, name: f"{variable} {offset}"}
    yield Candidate(title, (*imports, *shapes.declared([f"{variable} = {declared}"], changes)))


def _keywords(shapes: ShapesCode, name: str) -> dict[str, str]:
    call = shapes.dim_call(name)
    if call is None:
        return {}
    file = shapes.file
    return {file.code(each.keyword): file.code(each.value) for each in call.args if each.keyword is not None}


def _variable(shapes: ShapesCode, name: str) -> str:
    used = {node.value for node in shapes.file.nodes(cst.Name)}
    return next(each for each in (name, f"{name}_dim", *(f"{name}_{n}" for n in range(2, 99))) if each not in used)
