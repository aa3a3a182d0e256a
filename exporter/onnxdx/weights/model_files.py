"""Models as files: whole or not at all, weights streamed into a file of their own, and one rename that decides.

A model with external data is two files, and no file system renames two at once. So the data goes first, under a name
that the model which stands there does not refer to; the rename of the model is what replaces the old by the new; then
the old data goes. A process that is killed leaves the old model with the old data or the new with the new.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
import onnx_ir as ir

from onnxdx.weights.stored_tensors import PIECE, FileRange
from onnxdx.weights.stored_weight import StoredWeight

_LEAST_BYTES = 1024
"""Smaller tensors stay in the model: they are shapes, axes and scalars, which shape inference reads."""

_ALIGNED_BYTES = 4096
"""Tensors of a page and more begin at a page, so that a runtime can map them into memory."""

Told = Callable[[int, int], None]
"""Hears how many bytes of how many are written."""


def unheard(done: int, total: int) -> None:
    """For saves that nobody watches."""


@dataclass(frozen=True)
class Contents:
    """What is to be written: a model, other tensors for some of its weights, and where weights go.

    `apart` puts weights of 1 kB and more into a file of their own; those in `left_out` are referred to there, whatever
    their size, but not written.
    """

    model: ir.Model
    tensors: Mapping[ir.Value, ir.TensorProtocol]
    apart: bool
    left_out: Collection[ir.Value] = ()


def save(contents: Contents, path: Path, told: Told = unheard) -> None:
    """Write a model, and its data where that is apart. Raises OSError; what stood at `path` is then as it was."""
    old = _data_of(path)
    data = _free_name(path, old, must_not_exist=bool(contents.left_out))
    plan = _plan(contents, data)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        written = Path(folder) / data
        if any(not place.left_out for place in plan.values()):
            with written.open("wb", buffering=0) as file:
                _write(plan, _DataFile(file, sum(place.length for place in plan.values() if not place.left_out), told))
        proto = _proto(contents, plan, data)
        temporary = Path(folder) / path.name
        onnx.save(proto, temporary)
        if written.exists():
            os.replace(written, path.parent / data)
        os.replace(temporary, path)
    for name in old - {data}:
        with contextlib.suppress(PermissionError):  # on Windows, while a runtime has it open; the next save reuses it
            (path.parent / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Place:
    """Where in the data file a tensor stands."""

    tensor: ir.TensorProtocol
    offset: int
    length: int
    left_out: bool


def _plan(contents: Contents, data: str) -> dict[ir.Value, _Place]:
    plan: dict[ir.Value, _Place] = {}
    offset = 0
    for value in _initializers(contents.model):
        tensor = contents.tensors.get(value, value.const_value)
        left_out = value in contents.left_out
        if tensor is None or not (left_out or (contents.apart and tensor.nbytes >= _LEAST_BYTES)):
            continue
        if tensor.nbytes >= _ALIGNED_BYTES:
            offset += -offset % _ALIGNED_BYTES
        plan[value] = _Place(tensor, offset, tensor.nbytes, left_out)
        offset += tensor.nbytes
    return plan


def _initializers(model: ir.Model) -> Iterator[ir.Value]:
    for graph in model.graphs():
        yield from graph.initializers.values()


def _write(plan: Mapping[ir.Value, _Place], file: _DataFile) -> None:
    for place in plan.values():
        if place.left_out or not place.length:
            continue
        file.go_to(place.offset)
        stands = place.tensor.as_stored() if isinstance(place.tensor, StoredWeight) else None
        if stands is not None:
            file.copy(stands)
        else:
            _write_tensor(place.tensor, file)


def _write_tensor(tensor: ir.TensorProtocol, file: _DataFile) -> None:
    """Write a tensor without a copy of it, where its class can."""
    tofile = getattr(tensor, "tofile", None)
    if tofile is not None:
        tofile(file)
    else:
        file.write(tensor.tobytes())


def _proto(contents: Contents, plan: Mapping[ir.Value, _Place], data: str) -> onnx.ModelProto:
    """The model with references in place of what is apart."""
    before = {value: value.const_value for value in _initializers(contents.model)}
    try:
        for value, tensor in contents.tensors.items():
            value.const_value = tensor
        for value, place in plan.items():
            tensor = place.tensor
            value.const_value = ir.ExternalTensor(
                data,
                place.offset,
                place.length,
                tensor.dtype,
                shape=ir.Shape(tensor.shape.numpy()),
                name=value.name or "",
            )
        return ir.serde.serialize_model(contents.model)
    finally:
        for value, known in before.items():
            value.const_value = known


class _DataFile:
    """A file that tensors are written into; says how far it is."""

    def __init__(self, file: BinaryIO, total: int, told: Told) -> None:
        self._file = file
        self._total = total
        self._told = told
        self._done = 0
        self._in_kernel = hasattr(os, "copy_file_range")

    def go_to(self, offset: int) -> None:
        """Where the next bytes go; a gap is filled with zeros."""
        self._file.seek(offset)

    def write(self, content: Any) -> int:
        """Write all of it."""
        array: Any = np.frombuffer(content, dtype=np.uint8)
        left = memoryview(array)
        size = len(left)
        while left:
            count = self._file.write(left[:PIECE])
            self._advance(count)
            left = left[count:]
        return size

    def copy(self, source: FileRange) -> None:
        """Copy a range of another file, by the kernel where it can. Raises OSError when the other file is shorter."""
        left = FileRange(source.path, source.offset, source.length)
        if self._in_kernel:
            left = self._copied_by_kernel(source)
        for piece in left.pieces() if left.length else ():
            self.write(piece)

    def _copied_by_kernel(self, source: FileRange) -> FileRange:
        """What of the range is left, because the two file systems or the kernel do not take it."""
        offset, left = source.offset, source.length
        target = self._file.tell()
        with source.path.open("rb", buffering=0) as file:
            while left:
                try:
                    count = os.copy_file_range(file.fileno(), self._file.fileno(), min(left, PIECE), offset, target)
                except OSError:
                    self._in_kernel = False
                    break
                if not count:
                    break
                offset, target, left = offset + count, target + count, left - count
                self._advance(count)
        self._file.seek(target)
        return FileRange(source.path, offset, left)

    def _advance(self, count: int) -> None:
        self._done += count
        self._told(self._done, self._total)


def _data_of(path: Path) -> set[str]:
    """The data files beside a model that are ours by their name and that the model refers to."""
    if not path.exists() or not any(path.parent.glob(f"{_escaped(path.name)}.*data")):
        return set()
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception:  # whatever stands there is no model, and refers to nothing
        return set()
    places = {
        entry.value for tensor in model.graph.initializer for entry in tensor.external_data if entry.key == "location"
    }
    return {name for name in places if _is_ours(name, path.name)}


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _is_ours(name: str, model: str) -> bool:
    middle = name.removeprefix(f"{model}.").removesuffix("data").rstrip(".")
    return name.startswith(f"{model}.") and name.endswith("data") and (not middle or middle.isdigit())


def _free_name(path: Path, taken: Collection[str], must_not_exist: bool) -> str:
    """`model.onnx.data`, or `model.onnx.2.data` and so on while the model that stands there refers to that."""
    number = 1
    while True:
        name = f"{path.name}.data" if number == 1 else f"{path.name}.{number}.data"
        if name not in taken and not (must_not_exist and (path.parent / name).exists()):
            return name
        number += 1
