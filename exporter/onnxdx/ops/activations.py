"""Activations that ONNX has an operator of its own for."""

from __future__ import annotations

from onnxscript.function_libs.torch_lib.tensor_typing import TFloat
from onnxscript.onnx_opset import opset20 as op

from onnxdx.ops import onnx_function


@onnx_function("aten::gelu", since=20)
def gelu(self: TFloat, approximate: str = "none") -> TFloat:
    """gelu(Tensor self, *, str approximate='none') -> Tensor"""
    return op.Gelu(self, approximate=approximate)
