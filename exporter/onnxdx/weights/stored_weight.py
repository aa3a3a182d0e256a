"""A weight of an ONNX model whose bytes are in a checkpoint: converted piece by piece when it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx_ir as ir
import torch

from onnxdx.dtypes import to_torch_dtype
from onnxdx.weights.absent_weights import AbsentWeight
from onnxdx.weights.stored_tensors import FileRange, Stored, memory_of


class StoredWeight(ir.LazyTensor):
    """What a stored tensor is to the graph: the weight `absent`, in the type that the graph computes in.

    `overflows` says whether numbers became infinite by that, as far as it was read.
    """

    def __init__(self, absent: AbsentWeight, stored: Stored) -> None:
        super().__init__(self._loaded, dtype=absent.dtype, shape=ir.Shape(absent.shape), name=absent.name)
        self.sources = absent.sources
        self.stored = stored
        self.wanted = to_torch_dtype(absent.dtype)
        self.overflows = False

    def as_stored(self) -> FileRange | None:
        """Where the bytes of the weight stand in a file, as they are to be written; None when they do not."""
        same = self.stored.dtype is self.wanted
        return self.stored.content if same and isinstance(self.stored.content, FileRange) else None

    def pieces(self) -> Iterator[memoryview]:
        """The bytes of the weight, in order. Raises OSError."""
        for piece in self.stored.content.pieces():
            yield self._converted(piece)

    def tobytes(self) -> bytes:
        """The bytes of the weight."""
        return b"".join(self.pieces())

    def tofile(self, file: Any) -> None:
        """Write the bytes of the weight."""
        for piece in self.pieces():
            file.write(piece)

    def load(self) -> torch.Tensor:
        """The weight as a tensor of torch, in the type of the graph."""
        whole = self.stored.load()
        return whole if whole.dtype is self.wanted else self._cast(whole)

    def _loaded(self) -> ir.TensorProtocol:
        from onnx_ir.tensor_adapters import TorchTensor

        return TorchTensor(self.load(), name=self.name)

    def _converted(self, piece: memoryview) -> memoryview:
        if self.stored.dtype is self.wanted:
            return piece
        return memory_of(self._cast(torch.frombuffer(piece, dtype=self.stored.dtype)))

    def _cast(self, tensor: torch.Tensor) -> torch.Tensor:
        cast = tensor.to(self.wanted)
        narrower = self.wanted.is_floating_point and _most(self.wanted) < _most(self.stored.dtype)
        if narrower and not self.overflows:
            self.overflows = bool((cast.isinf() & ~tensor.isinf()).any())
        return cast


def _most(dtype: torch.dtype) -> float:
    return torch.finfo(dtype).max if dtype.is_floating_point else 0.0
