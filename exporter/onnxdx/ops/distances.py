# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
"""Similarities and distances of vectors."""

from __future__ import annotations

import math

from onnxscript.function_libs.torch_lib.tensor_typing import TFloat

from onnxdx.ops import onnx_function
from onnxdx.ops.arithmetic import dtype_of
from onnxdx.ops.values import BOOL, FLOAT, FLOATS, Value, cast, number, rank
from onnxdx.tracing.symbolic import op


def _length(x: Value, dim: int, eps: float) -> Value:
    return op.Max(op.ReduceL2(x, [dim], keepdims=1), number(eps, x.dtype))


@onnx_function("aten::cosine_similarity")
def cosine_similarity(x1: TFloat, x2: TFloat, dim: int = 1, eps: float = 1e-08) -> TFloat:
    """cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor"""
    dtype, dims = dtype_of(x1, x2), max(rank(x1), rank(x2))
    if dtype not in FLOATS or dims == 0:
        raise NotImplementedError("cosine_similarity of scalars or integers")
    axis = dim - dims if dim >= 0 else dim
    if min(rank(x1), rank(x2)) < -axis:
        x1, x2 = (op.Unsqueeze(x, list(range(dims - rank(x)))) if rank(x) < dims else x for x in (x1, x2))
    a, b = cast(x1, dtype), cast(x2, dtype)
    unit_a, unit_b = op.Div(a, _length(a, axis, eps)), op.Div(b, _length(b, axis, eps))
    return op.ReduceSum(op.Mul(unit_a, unit_b), [axis], keepdims=0)


def _norm(difference: Value, p: float) -> Value:
    """The p-norm over the last dimension."""
    if p == 0:
        return op.ReduceSum(cast(cast(difference, BOOL), difference.dtype), [-1], keepdims=0)
    if p == 1:
        return op.ReduceL1(difference, [-1], keepdims=0)
    if p == 2:
        return op.ReduceL2(difference, [-1], keepdims=0)
    if p == math.inf:
        return op.ReduceMax(op.Abs(difference), [-1], keepdims=0)
    powers = op.Pow(op.Abs(difference), number(float(p), difference.dtype))
    return op.Pow(op.ReduceSum(powers, [-1], keepdims=0), number(1.0 / p, difference.dtype))


@onnx_function("aten::cdist", "aten::_cdist_forward")
def cdist(x1: TFloat, x2: TFloat, p: float = 2.0, compute_mode: int | None = None) -> TFloat:
    """cdist(Tensor x1, Tensor x2, float p=2, int? compute_mode=None) -> Tensor; always by differences, the exact way"""
    return _norm(op.Sub(op.Unsqueeze(x1, [-2]), op.Unsqueeze(x2, [-3])), p)


@onnx_function("aten::pairwise_distance")
def pairwise_distance(x1: TFloat, x2: TFloat, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> TFloat:
    """pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-06, bool keepdim=False) -> Tensor"""
    dtype = dtype_of(x1, x2)
    dtype = dtype if dtype in FLOATS else FLOAT
    difference = op.Sub(cast(x1, dtype), cast(x2, dtype))
    distance = _norm(op.Add(difference, number(eps, dtype)), p)
    return op.Unsqueeze(distance, [-1]) if keepdim else distance
