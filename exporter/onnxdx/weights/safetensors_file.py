"""The header of a `.safetensors` file: which tensor stands where.

The format is eight bytes of length, a JSON object and the tensors. It is read here, and not by the package
`safetensors`, because that hands out tensors but not their places in the file, and streaming needs the places.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from onnxdx.weights.stored_tensors import CheckpointError, FileRange, Stored, stored

_LONGEST_HEADER = 100_000_000

_DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E8M0": torch.float8_e8m0fnu,
    "I16": torch.int16,
    "U16": torch.uint16,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I32": torch.int32,
    "U32": torch.uint32,
    "F32": torch.float32,
    "I64": torch.int64,
    "U64": torch.uint64,
    "F64": torch.float64,
    "C64": torch.complex64,
}


def read(path: Path) -> dict[str, Stored]:
    """The tensors of a file, whose bytes stay where they are. Raises CheckpointError, and OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise CheckpointError(path.name, "the file is truncated: it ends within its header")
        (length,) = struct.unpack("<Q", start)
        if length > _LONGEST_HEADER:
            raise CheckpointError(path.name, "it is no safetensors file")
        header = file.read(length)
    if len(header) < length:
        raise CheckpointError(path.name, "the file is truncated: it ends within its header")
    try:
        entries = json.loads(header.decode("utf-8"), object_pairs_hook=_distinct)
        if not isinstance(entries, dict):
            raise TypeError
        entries.pop("__metadata__", None)
        tensors = {name: _tensor(path, entry, 8 + length) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(path.name, "its header is no list of tensors") from error
    _check_places(path, list(tensors.values()), 8 + length, size)
    return tensors


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _tensor(path: Path, entry: Any, base: int) -> Stored:
    """One entry of the header. Raises ValueError, KeyError and TypeError when it is none."""
    if entry["dtype"] not in _DTYPES:
        raise CheckpointError(path.name, f"it holds tensors of the type `{entry['dtype']}`, which is not known here")
    dtype = _DTYPES[entry["dtype"]]
    shape = tuple(_natural(size) for size in entry["shape"])
    start, end = (_natural(offset) for offset in entry["data_offsets"])
    if end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError("the size of a tensor is not that of its shape")
    return stored(dtype, shape, FileRange(path, base + start, end - start))


def _natural(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise TypeError
    return number


def _check_places(path: Path, tensors: Sequence[Stored], base: int, size: int) -> None:
    """The tensors fill the file, one after the other."""
    ranges = [tensor.content for tensor in tensors if isinstance(tensor.content, FileRange)]
    end = base
    for each in sorted(ranges, key=lambda each: (each.offset, each.length)):
        if each.offset != end:
            raise CheckpointError(path.name, "its tensors overlap or leave gaps")
        end += each.length
    if size < end:
        raise CheckpointError(path.name, f"the file is truncated: {end - size} of {end} bytes are missing")
    if size > end:
        raise CheckpointError(path.name, "there is something behind its last tensor")
