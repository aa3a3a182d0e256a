"""The code of `dynamic_shapes`: which entry stands for which axis of which input, and what it becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import libcst as cst

from onnxdx.fixes.sources.fault import Fault
from onnxdx.fixes.sources.source_file import SourceFile, statements_of
from onnxdx.fixes.sources.target_code import TargetCode, entries, parameters_of, target_code
from onnxdx_diagnostics.fix import Edit


@dataclass(frozen=True)
class Axis:
    """One axis in `dynamic_shapes`. `dim` is the name of the dim; empty for a hint such as `Dim.DYNAMIC`."""

    input: str
    axis: int
    dim: str
    entry: cst.Dict
    value: cst.BaseExpression


@dataclass(frozen=True)
class ShapesCode:
    """`dynamic_shapes` as it is written in the target, and all axes in it."""

    target: TargetCode
    file: SourceFile
    node: cst.BaseExpression
    axes: tuple[Axis, ...]

    def of(self, dim: str) -> list[Axis]:
        """The axes of a dim; one without a name is told as `x.shape[0]`."""
        return [each for each in self.axes if dim in (each.dim, f"{each.input}.shape[{each.axis}]")]

    def without(self, axes: list[Axis]) -> tuple[Edit, ...]:
        """The entries without these axes; an entry that becomes empty is None."""
        edits = []
        for entry in {id(each.entry): each.entry for each in axes}.values():
            gone = {each.axis for each in axes if each.entry is entry}
            kept = [
                f"{key}: {self.file.code(value)}"
                for key, value in entries(self.file, entry)
                if _number(key) not in gone
            ]
            edits.append(self.file.replace(entry, "{" + ", ".join(kept) + "}" if kept else "None"))
        return tuple(edits)

    def declared(self, lines: list[str], changes: dict[str, str]) -> tuple[Edit, ...]:
        """New lines in front of the statement with `dynamic_shapes`, and other code for the axes of some dims."""
        edits = [self.file.replace(each.value, changes[dim]) for dim in changes for each in self.of(dim)]
        statement = self.file.statement(self.node)
        if lines and statement is not None:
            edits.insert(0, self.file.insert_before(statement, "\n".join(lines)))
        return tuple(edits)

    def entries(self, fault: Fault) -> dict[str, cst.BaseExpression]:
        """What is written for each input, by the names of the parameters."""
        if isinstance(self.node, cst.Dict):
            return dict(entries(self.file, self.node))
        elements = getattr(self.node, "elements", ())
        return dict(zip(parameters_of(fault), (each.value for each in elements), strict=False))

    def dim_imports(self) -> tuple[str, tuple[Edit, ...]]:
        """How `Dim` is called in this file, and what must be imported for it."""
        for small in statements_of(self.file.module.body):
            if isinstance(small, cst.ImportFrom) and small.module and self.file.code(small.module) == "torch.export":
                for alias in small.names if not isinstance(small.names, cst.ImportStar) else ():
                    if alias.name.value == "Dim":
                        return (self.file.code(alias.asname.name) if alias.asname else "Dim"), ()
        name, edits = self.file.importing("torch")
        return f"{name}.export.Dim", edits

    def dim_call(self, dim: str) -> cst.Call | None:
        """The `Dim(...)` that the axes of a dim are declared by, where it is one."""
        for each in self.of(dim):
            value = self.target.followed(each.value)
            if isinstance(value, cst.Call):
                return value
        return None


def shapes_code(fault: Fault) -> ShapesCode | None:
    """`dynamic_shapes` of the target of the run; None when it is not written out there."""
    target = target_code(fault)
    if target is None or target.shapes is None:
        return None
    node = target.followed(target.shapes)
    if not isinstance(node, (cst.Dict, cst.Tuple, cst.List)):
        return None
    return ShapesCode(target, target.file, node, tuple(_axes(target, fault, node)))


def inputs_of(fault: Fault) -> dict[str, Any]:
    """The sample inputs by the names of the parameters."""
    request = fault.evidence.request
    return {**dict(zip(parameters_of(fault), request.args, strict=False)), **request.kwargs}


def _axes(target: TargetCode, fault: Fault, node: cst.BaseExpression) -> Iterator[Axis]:
    if isinstance(node, cst.Dict):
        named = list(entries(target.file, node))
    else:
        elements = getattr(node, "elements", ())
        named = list(zip(parameters_of(fault), (element.value for element in elements), strict=False))
    for name, value in named:
        yield from _of_entry(target, name, value)


def _of_entry(target: TargetCode, name: str, value: cst.BaseExpression) -> Iterator[Axis]:
    entry = target.followed(value)
    if isinstance(entry, cst.Dict):
        for key, dim in entries(target.file, entry):
            number = _number(key)
            if number is None:
                yield from _of_entry(target, f"{name}[{key!r}]", dim)
            else:
                yield Axis(name, number, _dim_name(target, dim), entry, dim)
    elif isinstance(entry, (cst.Tuple, cst.List)):
        for index, element in enumerate(entry.elements):
            yield from _of_entry(target, f"{name}[{index}]", element.value)


def _dim_name(target: TargetCode, value: cst.BaseExpression) -> str:
    value = target.followed(value) or value
    if isinstance(value, cst.SimpleString):
        return str(value.evaluated_value)
    if isinstance(value, cst.Call) and target.file.code(value.func).split(".")[-1] == "Dim" and value.args:
        first = value.args[0].value
        return str(first.evaluated_value) if isinstance(first, cst.SimpleString) else ""
    return ""


def _number(key: str) -> int | None:
    return int(key) if key.lstrip("-").isdigit() else None
