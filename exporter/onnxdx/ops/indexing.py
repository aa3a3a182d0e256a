"""Slices that take everything: torch records them for every `:` of an index, ONNX needs none of them."""

from __future__ import annotations

from typing import Any

from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TTensor
from onnxscript.onnx_types import INT64

from onnxdx.ops import onnx_function

_END = 2**63 - 1


def _takes_all(start: Any, end: Any, step: Any) -> bool:
    return start in (None, 0) and (end is None or (isinstance(end, int) and end >= _END)) and step == 1


@onnx_function("aten::slice.Tensor", "aten::slice_copy.Tensor")
def slice_tensor(
    self: TTensor, dim: int = 0, start: INT64 | None = None, end: INT64 | None = None, step: INT64 = 1
) -> TTensor:
    """slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a)"""
    if _takes_all(start, end, step):
        return self
    return core.aten_slice(self, dim, start, end, step)


@onnx_function("aten::slice_scatter")
def slice_scatter(
    self: TTensor, src: TTensor, dim: int = 0, start: INT64 | None = None, end: INT64 | None = None, step: INT64 = 1
) -> TTensor:
    """slice_scatter(Tensor self, Tensor src, int dim=0, SymInt? start, SymInt? end, SymInt step=1) -> Tensor"""
    if _takes_all(start, end, step):
        return src
    return core.aten_slice_scatter(self, src, dim, start, end, step)
