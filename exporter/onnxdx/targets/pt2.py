"""Programs that `torch.export.save` wrote, as modules that can be exported again.

Nothing in the file is unpickled but tensors and plain containers. That is no sandbox: a `.pt2` from a stranger is a
program from a stranger.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.export import Dim, ExportedProgram
from torch.export.pt2_archive import PT2ArchiveReader, is_pt2_package

# Objects of C++ classes, pickled Python objects, and compiled libraries that loading would run.
_UNSAFE = ("data/constants/custom_obj_", "data/constants/opaque_obj_", "data/aotinductor/")
_FORCE_SAFE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
_FORCE_UNSAFE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


class UnsafeProgram(ValueError):
    """The file holds things that can only be loaded by running code of the file."""


@dataclass(frozen=True)
class SavedProgram:
    """A saved program: a module, the inputs it was captured with, and which of their dims are dynamic."""

    module: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    dynamic_shapes: Any = None


def load(path: Path) -> SavedProgram:
    """The program in `path`. Raises UnsafeProgram, and whatever torch raises for a file that is not one."""
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not an archive")
    if is_pt2_package(str(path)):
        _refuse_code(path)
    with _only_weights(), _silent(logging.getLogger("torch.export")):
        exported = torch.export.load(path)
    args, kwargs = exported.example_inputs or ((), {})
    return SavedProgram(exported.module(), tuple(args), dict(kwargs), _dynamic_shapes(exported))


def _refuse_code(path: Path) -> None:
    with PT2ArchiveReader(str(path)) as archive:
        unsafe = [name for name in archive.get_file_names() if name.startswith(_UNSAFE)]
    if unsafe:
        raise UnsafeProgram(f"`{unsafe[0]}` in it can only be loaded by running code of the file")


@contextmanager
def _only_weights() -> Iterator[None]:
    """torch.export.load falls back to full unpickling; this switch of torch's takes that away."""
    before = {name: os.environ.pop(name, None) for name in (_FORCE_SAFE, _FORCE_UNSAFE)}
    os.environ[_FORCE_SAFE] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _silent(logger: logging.Logger) -> Iterator[None]:
    """torch logs the traceback of an error before it tries another format; what it raises in the end is enough."""
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _dynamic_shapes(exported: ExportedProgram) -> Any:
    """One spec per flat input, by name. Equal symbols become equal Dims, named after the place of their first use.

    None when the inputs are nested (the flat names are not parameters then) or nothing is dynamic.
    """
    inputs = exported.graph_signature.user_inputs
    ranges = {str(symbol): bounds for symbol, bounds in exported.range_constraints.items()}
    values = {node.name: node.meta.get("val") for node in exported.graph.nodes if node.op == "placeholder"}
    dims: dict[str, Any] = {}
    spec: dict[str, Any] = {}
    for name in inputs:
        value = values.get(name) if isinstance(name, str) else None
        if not isinstance(value, torch.Tensor):
            return None
        axes = {axis: size for axis, size in enumerate(value.shape) if isinstance(size, torch.SymInt)}
        for axis, size in axes.items():
            dims.setdefault(str(size), _dim(f"{name}_dim_{axis}", ranges.get(str(size))))
        spec[str(name)] = {axis: dims[str(size)] for axis, size in axes.items()} or None
    return spec if dims else None


def _dim(name: str, bounds: Any) -> Any:
    if bounds is None:
        return Dim.AUTO
    lower, upper = int(bounds.lower), bounds.upper
    return Dim(name, min=lower, max=int(upper)) if str(upper).isdigit() else Dim(name, min=lower)
