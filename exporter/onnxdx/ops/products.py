# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index,call-overload,comparison-overlap"
# ruff: noqa: E501
"""Matrix products of integers and with run-time factors, for which ONNX Runtime has no Gemm."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.ops import nn
from onnxscript.function_libs.torch_lib.tensor_typing import TReal

from onnxdx.ops import onnx_function
from onnxdx.ops.arithmetic import wide
from onnxdx.ops.values import INT64, Value, cast, constant, is_float, rank, swapped
from onnxdx.tracing.symbolic import op


def _multiplied(a: Value, b: Value) -> Value:
    common = wide(a.dtype)
    return op.MatMul(cast(a, common), cast(b, common))


def _times(x: Value, factor: Any) -> Value:
    return x if not isinstance(factor, ir.Value) and factor == 1 else op.Mul(x, cast(factor, x.dtype))


def _sum(self: Value, product: Value, beta: Any, alpha: Any, dtype: ir.DataType) -> Value:
    """beta * self + alpha * product; a beta of zero ignores even NaN."""
    scaled = _times(product, alpha)
    if not isinstance(beta, ir.Value) and beta == 0:
        return cast(scaled, dtype)
    return cast(op.Add(_times(cast(self, wide(dtype)), beta), scaled), dtype)


@onnx_function("aten::addmm")
def addmm(self: TReal, mat1: TReal, mat2: TReal, beta: TReal = 1, alpha: TReal = 1) -> TReal:
    """addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor"""
    run_time = isinstance(beta, ir.Value) or isinstance(alpha, ir.Value)
    if is_float(mat1) and not run_time and beta != 0:
        return op.Gemm(mat1, mat2, self, alpha=float(alpha), beta=float(beta))
    return _sum(self, _multiplied(mat1, mat2), beta, alpha, mat1.dtype)


@onnx_function("aten::baddbmm")
def baddbmm(self: TReal, batch1: TReal, batch2: TReal, beta: TReal = 1, alpha: TReal = 1) -> TReal:
    """baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor"""
    return _sum(self, _multiplied(batch1, batch2), beta, alpha, batch1.dtype)


@onnx_function("aten::matmul", "aten::mm", "aten::bmm", "aten::mv", "aten::dot", "aten::vdot")
def matmul(self: TReal, other: TReal) -> TReal:
    """matmul(Tensor self, Tensor other) -> Tensor"""
    if rank(self) == 1 or rank(other) > 1:
        return cast(_multiplied(self, other), self.dtype)
    # ONNX Runtime takes a Transpose of `self` into the product, which is wrong before a vector (FusedMatMul, 1.32)
    column = op.Unsqueeze(other, constant([1], INT64))
    return cast(op.Squeeze(_multiplied(self, column), constant([-1], INT64)), self.dtype)


@onnx_function("aten::linear")
def linear(input: TReal, weight: TReal, bias: TReal | None = None) -> TReal:
    """linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor"""
    if is_float(input):
        return nn.aten_linear(input, weight, bias)
    transposed = swapped(weight, rank=2) if rank(weight) == 2 else weight
    product = _multiplied(input, transposed)
    return cast(product if bias is None else op.Add(product, cast(bias, product.dtype)), input.dtype)
