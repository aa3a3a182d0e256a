"""Checkpoints: stored tensors by name, from where the user says they are.

Three forms are known: a state dict in memory, `.safetensors` files and `torch.save` files, and the JSON index that ties
shards of either together. Nothing in a file is ever run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch

from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.weights import safetensors_file, torch_file
from onnxdx.weights.stored_tensors import CheckpointError, Stored, in_memory

State: TypeAlias = Mapping[str, Any] | str | os.PathLike[str]
"""What a user gives: a state dict, or the path of a file."""


@dataclass(frozen=True)
class Checkpoint:
    """Stored tensors by name; `label` is what messages call the whole."""

    label: str
    tensors: Mapping[str, Stored] = field(default_factory=dict)


def open_checkpoint(state: State) -> Checkpoint:
    """What the user gave, as a checkpoint. Raises CheckpointError."""
    if isinstance(state, Mapping):
        return _of_mapping(state)
    path = Path(state)
    label = path.name
    try:
        if path.suffix == ".json":
            return Checkpoint(label, _sharded(path))
        return Checkpoint(label, _of_file(path))
    except OSError as error:
        raise CheckpointError(label, error.strerror or str(error)) from error


def _of_mapping(state: Mapping[str, Any]) -> Checkpoint:
    label = "the state dict"
    tensors: dict[str, Stored] = {}
    for name, value in state.items():
        if not isinstance(value, torch.Tensor):
            continue
        if value.is_meta or fake_mode_of(value) is not None:
            raise CheckpointError(label, f"`{name}` has no values itself")
        tensors[name] = in_memory(value)
    if not tensors and state:
        raise CheckpointError(label, "it holds no tensors by name")
    return Checkpoint(label, tensors)


def _of_file(path: Path) -> dict[str, Stored]:
    with path.open("rb") as file:
        start = file.read(9)
    if path.suffix == ".safetensors" or (start[8:9] == b"{" and not start.startswith(b"PK")):
        return safetensors_file.read(path)
    return torch_file.read(path)


def _sharded(path: Path) -> dict[str, Stored]:
    """The tensors of an index: `weight_map` says which file of the same folder holds which tensor."""
    try:
        index = json.loads(path.read_bytes())
        places = index["weight_map"]
        if not all(isinstance(name, str) and isinstance(file, str) for name, file in places.items()):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            path.name, "it is no index of shards: it has no `weight_map` of names to files"
        ) from error
    shards: dict[str, dict[str, Stored]] = {}
    for file in dict.fromkeys(places.values()):
        if Path(file).name != file or file in ("", ".", ".."):
            raise CheckpointError(path.name, f"the shard `{file}` is not in its folder")
        try:
            shards[file] = _of_file(path.parent / file)
        except FileNotFoundError as error:
            raise CheckpointError(path.name, f"the shard `{file}` is missing") from error
    lost = [name for name, file in places.items() if name not in shards[file]]
    if lost:
        raise CheckpointError(path.name, f"the shard `{places[lost[0]]}` does not hold `{lost[0]}`")
    return {name: shards[file][name] for name, file in places.items()}
