"""Grouped matrix products: the experts of a mixture, each on its own consecutive rows."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.tensor_typing import TReal
from onnxscript.onnx_types import INT64

from onnxdx.ops import onnx_function
from onnxdx.tracing.symbolic import TracingError, op


@onnx_function("transformers::grouped_mm_fallback")
def grouped_mm_fallback(input: TReal, weight: TReal, offs: INT64) -> TReal:
    """grouped_mm_fallback(Tensor input, Tensor weight, Tensor offs) -> Tensor

    Rows `offs[i-1]:offs[i]` of input (S, K) times `weight[i]` of weight (E, K, N); rows behind the last offset are 0,
    and an offset behind the last row means the last row.
    One Slice and one MatMul for each expert: the work is that of the rows, and no weight is copied.
    """
    return _grouped(input, weight, offs)


@onnx_function("aten::_grouped_mm")
def grouped_mm(self: TReal, mat2: TReal, offs: INT64 | None = None, bias: TReal | None = None) -> TReal:
    """_grouped_mm(Tensor self, Tensor mat2, Tensor? offs=None, Tensor? bias=None, ScalarType? out_dtype=None)"""
    if offs is None or bias is not None or len(self.shape) != 2 or len(mat2.shape) != 3:
        raise TracingError("only a 2-D tensor by a 3-D one with offsets and without bias has an ONNX form")
    return _grouped(self, mat2, offs)


def _grouped(input: Any, weight: Any, offs: Any) -> Any:
    experts = weight.shape[0]
    if not isinstance(experts, int):
        raise TracingError("the number of experts must be known at export")
    rows = op.Shape(input, start=0, end=1)
    ends = op.Min(op.Cast(offs, to=ir.DataType.INT64), rows)
    zero = op.Constant(value_ints=[0])
    axis = op.Constant(value_ints=[0])
    start = zero
    products = []
    for expert in range(experts):
        end = op.Slice(ends, op.Constant(value_ints=[expert]), op.Constant(value_ints=[expert + 1]), axis)
        matrix = op.Gather(weight, op.Constant(value_int=expert), axis=0)
        products.append(op.MatMul(op.Slice(input, start, end, axis), matrix))
        start = end
    rest = op.Sub(rows, start)
    zeros = op.Expand(op.CastLike(op.Constant(value_float=0.0), input), op.Concat(rest, _columns(weight), axis=0))
    return op.Concat(*products, zeros, axis=0)


def _columns(weight: Any) -> Any:
    return op.Shape(weight, start=2, end=3)
