"""Files of `torch.save`: loaded without unpickling anything but tensors and plain containers, and without the values.

torch tells where in the file each storage begins; the values are read from there when they are needed.
"""

from __future__ import annotations

import contextlib
import pickle
import re
import sys
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from onnxdx.compat.storages import storage_offset_in_file
from onnxdx.errors import first_line
from onnxdx.weights.stored_tensors import CheckpointError, FileRange, Stored, Strided, in_memory, stored

_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")


class _ValuesNeeded(Exception):
    """torch looks into the values of sparse tensors as it loads them (2.14), or tells no places in the file (2.9)."""


def read(path: Path) -> dict[str, Stored]:
    """The tensors of a file. Raises CheckpointError, and OSError."""
    if _has_values_in_place(path):
        with contextlib.suppress(_ValuesNeeded):
            size = path.stat().st_size
            named = _tensors(_loaded(path, "meta"), path)
            return {name: _in_place(path, name, tensor, size) for name, tensor in named.items()}
    return {name: in_memory(tensor) for name, tensor in _tensors(_loaded(path, "cpu"), path).items()}


def _tensors(state: Any, path: Path) -> dict[str, torch.Tensor]:
    """The tensors of what a file holds, by name."""
    if isinstance(state, torch.nn.Module) or not isinstance(state, Mapping):
        raise CheckpointError(path.name, f"it holds a `{type(state).__name__}`, and no state dict")
    named = {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}
    if not named:
        inner = [key for key, value in state.items() if isinstance(value, Mapping)]
        where = f"; what stands under `{inner[0]}` may be one" if inner else ""
        raise CheckpointError(path.name, f"it holds no tensors by name, and so is no state dict{where}")
    return named


def _loaded(path: Path, device: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        named = _GLOBAL.search(str(error))
        what = f" (`{named[1]}`)" if named else ""
        raise CheckpointError(path.name, f"loading it would run code{what}, which is not done") from error
    except OSError:
        raise
    except NotImplementedError as error:
        if device == "meta":
            raise _ValuesNeeded from error
        raise CheckpointError(path.name, f"torch cannot read it: {first_line(error)}") from error
    except Exception as error:  # torch has a dozen exception types for bytes that are no checkpoint
        raise CheckpointError(path.name, f"torch cannot read it: {first_line(error)}") from error


def _has_values_in_place(path: Path) -> bool:
    """Whether the values stand in the file as this machine holds them; else the file is loaded as a whole.

    Older files are no archives, and others may be compressed or of another byte order.
    """
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    if not zipfile.is_zipfile(path):
        raise CheckpointError(path.name, "the file is truncated: its table of contents is missing")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        order = next((archive.read(each) for each in members if each.filename.endswith("/byteorder")), b"little")
    return all(each.compress_type == zipfile.ZIP_STORED for each in members) and order.decode() == sys.byteorder


def _in_place(path: Path, name: str, tensor: torch.Tensor, size: int) -> Stored:
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return in_memory(tensor)
    storage = tensor.untyped_storage()
    base = storage_offset_in_file(storage)
    if base is None:
        raise _ValuesNeeded
    width = tensor.dtype.itemsize
    last = sum((int(size) - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    length = (last + 1) * width if tensor.numel() else 0
    skipped = int(tensor.storage_offset()) * width
    if skipped + length > storage.nbytes() or base + storage.nbytes() > size:
        raise CheckpointError(path.name, f"the file is truncated: it ends before `{name}`")
    whole = FileRange(path, base + skipped, length)
    if tensor.is_contiguous() or not tensor.numel():
        return stored(tensor.dtype, tuple(tensor.shape), whole)
    strided = Strided(whole, tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()))
    return stored(tensor.dtype, tuple(tensor.shape), strided)
