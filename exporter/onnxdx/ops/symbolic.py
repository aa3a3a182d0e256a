"""Arithmetic on sizes: torch's symbolic functions on scalars that stand for dims."""

from __future__ import annotations

import math
from collections.abc import Sequence

from onnxscript.function_libs.torch_lib.tensor_typing import IntType
from onnxscript.onnx_opset import opset18 as op
from onnxscript.onnx_types import BOOL, FLOAT, INT64, TensorType

from onnxdx.ops import onnx_function


@onnx_function("aten::sym_size.int")
def sym_size(self: TensorType, dim: int = 0) -> INT64:
    """sym_size.int(Tensor self, int dim) -> SymInt"""
    if dim < 0:
        dim += len(self.shape)
    return op.Squeeze(op.Shape(self, start=dim, end=dim + 1), op.Constant(value_ints=[0]))


@onnx_function("aten::sym_numel")
def sym_numel(self: TensorType) -> INT64:
    """sym_numel(Tensor self) -> SymInt"""
    return op.Size(self)


@onnx_function("torch::sym_float")
def sym_float(a: IntType) -> FLOAT:
    """torch.sym_float(SymInt a) -> SymFloat"""
    return op.Cast(a, to=FLOAT.dtype)


@onnx_function("torch::_sym_sqrt")
def sym_sqrt(a: IntType) -> FLOAT:
    """math.sqrt on a size"""
    return op.Sqrt(op.Cast(a, to=FLOAT.dtype))


@onnx_function("torch::_sym_log2")
def sym_log2(a: IntType) -> FLOAT:
    """math.log2 on a size"""
    return op.Div(op.Log(op.Cast(a, to=FLOAT.dtype)), op.Constant(value_float=math.log(2.0)))


@onnx_function("torch::sym_int")
def sym_int(a: FLOAT) -> INT64:
    """torch.sym_int(SymFloat a) -> SymInt, towards zero"""
    return op.Cast(a, to=INT64.dtype)


@onnx_function("torch::sym_max")
def sym_max(a: IntType, b: IntType) -> IntType:
    """torch.sym_max(SymInt a, SymInt b) -> SymInt"""
    return op.Max(a, b)


@onnx_function("torch::sym_min")
def sym_min(a: IntType, b: IntType) -> IntType:
    """torch.sym_min(SymInt a, SymInt b) -> SymInt"""
    return op.Min(a, b)


@onnx_function("torch::sym_not")
def sym_not(a: BOOL) -> BOOL:
    """torch.sym_not(SymBool a) -> SymBool"""
    return op.Not(a)


@onnx_function("torch::sym_ite")
def sym_ite(b: BOOL, t: IntType, f: IntType) -> IntType:
    """torch.sym_ite(SymBool b, SymInt t, SymInt f) -> SymInt"""
    return op.Where(b, t, f)


@onnx_function("torch::sym_sum")
def sym_sum(args: Sequence[IntType]) -> IntType:
    """torch.sym_sum(SymInt[] args) -> SymInt"""
    total = op.Constant(value_int=0)
    for item in args:
        total = op.Add(total, item)
    return total


@onnx_function("_operator::mul")
def mul(a: IntType, b: IntType) -> IntType:
    """operator.mul on sizes"""
    return op.Mul(a, b)
