"""Operators that return several tensors: as one Split, since the capture knows how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnxscript import evaluator
from onnxscript.function_libs.torch_lib.tensor_typing import TTensor
from onnxscript.onnx_opset import opset18 as op
from onnxscript.onnx_types import INT64

from onnxdx.ops import onnx_function


def _by_sizes(self: Any, sizes: Sequence[Any], dim: int) -> list[Any]:
    """Split into pieces of these sizes; onnxscript's `op.Split` cannot say how many there are without `num_outputs`."""
    if len(sizes) == 1:
        return [op.Identity(self)]
    tracer: Any = evaluator.default()
    node = tracer.emit("Split", [self, tracer.vector(sizes)], {"axis": dim}, outputs=len(sizes))
    for output in node.outputs:
        output.dtype = self.dtype
    return list(node.outputs)


@onnx_function("aten::split.Tensor", "aten::split", "aten::unsafe_split.Tensor")
def split(self: TTensor, split_size: INT64, dim: int = 0, result_count: int = 1) -> TTensor:
    """split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]; the last piece may be smaller"""
    if result_count == 1:
        return [op.Identity(self)]
    axis = dim if dim >= 0 else dim + len(self.shape)
    whole = self.shape[axis]
    if isinstance(whole, int) and isinstance(split_size, int):
        return _by_sizes(self, [split_size] * (result_count - 1) + [whole - split_size * (result_count - 1)], dim)
    taken = op.Mul(split_size, op.Constant(value_int=result_count - 1))
    size = op.Squeeze(op.Shape(self, start=axis, end=axis + 1), op.Constant(value_ints=[0]))
    return _by_sizes(self, [split_size] * (result_count - 1) + [op.Sub(size, taken)], dim)


@onnx_function("aten::split_with_sizes", "aten::split.sizes", "aten::unsafe_split_with_sizes")
def split_with_sizes(self: TTensor, split_sizes: Sequence[INT64], dim: int = 0) -> TTensor:
    """split_with_sizes(Tensor(a -> *) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[]"""
    return _by_sizes(self, split_sizes, dim)


@onnx_function("aten::unbind.int")
def unbind(self: TTensor, dim: int = 0, result_count: int = 1) -> TTensor:
    """unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]"""
    axes = op.Constant(value_ints=[dim])
    if result_count == 1:
        return [op.Squeeze(self, axes)]
    return [op.Squeeze(piece, axes) for piece in op.Split(self, axis=dim, num_outputs=result_count)]
