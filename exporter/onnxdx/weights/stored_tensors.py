"""Tensors of a checkpoint: their dtype and shape, and their bytes piece by piece, wherever those stand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

PIECE = 1 << 24
"""The bytes that are held at a time."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read; `label` says which."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(f"{label}: {reason}")
        self.label = label
        self.reason = reason


class Bytes(Protocol):
    """The bytes of a stored tensor, contiguous and little-endian."""

    def pieces(self) -> Iterator[memoryview]:
        """The bytes, in order; a piece is a multiple of 16 bytes, but for the last. Raises OSError."""
        ...


def memory_of(tensor: torch.Tensor) -> memoryview:
    """The bytes of a contiguous tensor of at least one element."""
    array: Any = tensor.reshape(-1).view(torch.uint8).numpy()
    return memoryview(array)


@dataclass(frozen=True)
class FileRange:
    """Bytes that stand in a file as they are."""

    path: Path
    offset: int
    length: int

    def pieces(self) -> Iterator[memoryview]:
        """The bytes, in order. Raises OSError when the file has become shorter."""
        buffer = bytearray(min(PIECE, self.length))
        view = memoryview(buffer)
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.offset)
            left = self.length
            while left:
                wanted = min(left, len(buffer))
                read = 0
                while read < wanted:
                    count = file.readinto(view[read:wanted])
                    if not count:
                        raise OSError(f"{self.path} ends before its last tensor")
                    read += count
                left -= wanted
                yield view[:wanted]


@dataclass(frozen=True)
class Strided:
    """A tensor whose elements do not stand one after the other in its file: the range is read as one, and sorted."""

    range: FileRange
    dtype: torch.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def pieces(self) -> Iterator[memoryview]:
        """The bytes, in order."""
        storage = bytearray().join(self.range.pieces())
        flat = torch.frombuffer(storage, dtype=self.dtype)
        yield from InMemory(flat.as_strided(self.shape, self.strides)).pieces()


@dataclass(frozen=True, eq=False)
class InMemory:
    """A tensor that is there."""

    tensor: torch.Tensor

    def pieces(self) -> Iterator[memoryview]:
        """The bytes, in order."""
        plain = self.tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
        if plain.numel():
            whole = memory_of(plain)
            for start in range(0, len(whole), PIECE):
                yield whole[start : start + PIECE]


@dataclass(frozen=True)
class Stored:
    """One tensor of a checkpoint; complex ones count as real pairs on a last axis. `other` says what else it is."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    content: Bytes
    other: str = ""

    def load(self) -> torch.Tensor:
        """The whole tensor, in memory of its own."""
        memory = bytearray(math.prod(self.shape) * self.dtype.itemsize)
        position = 0
        for piece in self.content.pieces():
            memory[position : position + len(piece)] = piece
            position += len(piece)
        if not memory:
            return torch.empty(self.shape, dtype=self.dtype)
        return torch.frombuffer(memory, dtype=self.dtype).reshape(self.shape)


def stored(dtype: torch.dtype, shape: tuple[int, ...], content: Bytes) -> Stored:
    """A stored tensor of dense numbers."""
    return Stored(dtype.to_real(), (*shape, 2), content) if dtype.is_complex else Stored(dtype, shape, content)


def in_memory(tensor: torch.Tensor) -> Stored:
    """A tensor that is there, as one of a checkpoint."""
    if tensor.layout is not torch.strided or tensor.is_quantized:
        kind = "quantised" if tensor.is_quantized else str(tensor.layout).removeprefix("torch.")
        return Stored(tensor.dtype, tuple(tensor.shape), InMemory(tensor), kind)
    return stored(tensor.dtype, tuple(tensor.shape), InMemory(tensor))
