# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Scaled dot-product attention: masks of both kinds, causal, grouped queries, any number of leading dimensions."""

from __future__ import annotations

import math

from onnxscript.function_libs.torch_lib.tensor_typing import TFloat
from onnxscript.onnx_types import FLOAT as Float
from onnxscript.onnx_types import INT64 as Int64
from onnxscript.onnx_types import TensorType

from onnxdx.ops import onnx_function
from onnxdx.ops.values import (
    BOOL,
    FLOAT,
    INT64,
    Value,
    cast,
    constant,
    number,
    rank,
    scalar,
    shape,
    size,
    sizes,
    swapped,
)
from onnxdx.tracing.symbolic import op


def _scaled(query: Value, scale: float | None) -> Value:
    """The factor of both operands, whose square is the scale; torch scales both sides, for stability."""
    width = size(query, rank(query) - 1)
    if scale is None and isinstance(width, int):
        scale = 1.0 / math.sqrt(width) if width else 1.0
    if isinstance(scale, (int, float)):
        return number(math.sqrt(scale), query.dtype)
    squared = op.Div(1.0, op.Sqrt(op.Cast(scalar(width), to=FLOAT))) if scale is None else cast(scale, FLOAT)
    return cast(op.Sqrt(squared), query.dtype)


def _causal(query: Value, key: Value) -> Value:
    """True where a query may look: not behind its own position, counted from the first."""
    rows = op.Range(0, scalar(size(query, rank(query) - 2)), 1)
    columns = op.Range(0, scalar(size(key, rank(key) - 2)), 1)
    return op.GreaterOrEqual(op.Unsqueeze(rows, [1]), columns)


def _for_each_query_head(tensor: Value, query: Value) -> Value:
    """Heads repeated, each several times in a row, until there are as many as of queries."""
    heads, own = size(query, rank(query) - 3), size(tensor, rank(tensor) - 3)
    if isinstance(heads, int) and heads == own:
        return tensor
    known = isinstance(heads, int) and isinstance(own, int)
    times = heads // own if known else op.Div(shape([heads]), shape([own]))
    *batch, _, length, width = sizes(tensor)
    expanded = op.Expand(op.Unsqueeze(tensor, [-3]), shape([*[1] * len(batch), 1, times, 1, 1]))
    return op.Reshape(expanded, shape([*batch, heads, length, width]))


def attention(
    query: Value,
    key: Value,
    value: Value,
    mask: Value | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
    enable_gqa: bool = False,
) -> Value:
    """softmax(q k' scale + mask) v; rows that a mask closes altogether give zeros, as in torch."""
    dims = rank(key)
    if is_causal:
        mask = _causal(query, key)
    if enable_gqa:
        key, value = _for_each_query_head(key, query), _for_each_query_head(value, query)
    factor = _scaled(query, scale)
    scores = op.MatMul(op.Mul(query, factor), op.Mul(swapped(key, rank=dims), factor))
    if mask is None:
        return op.MatMul(_dropped(op.Softmax(scores, axis=-1), dropout_p), value)
    closed = number(-math.inf, query.dtype)
    scores = op.Where(mask, scores, closed) if mask.dtype is BOOL else op.Add(scores, cast(mask, query.dtype))
    weights = op.Softmax(scores, axis=-1)
    if not is_causal:
        weights = op.Where(op.IsNaN(weights), number(0.0, query.dtype), weights)
    return op.MatMul(_dropped(weights, dropout_p), value)


def _dropped(weights: Value, dropout_p: float) -> Value:
    """The weights after dropout, which torch applies whenever its probability is not zero."""
    if not dropout_p:
        return weights
    dropped, _ = op.Dropout(weights, dropout_p, True)
    return dropped


@onnx_function("aten::scaled_dot_product_attention")
def scaled_dot_product_attention(
    query: TFloat,
    key: TFloat,
    value: TFloat,
    attn_mask: TensorType | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> TFloat:
    """scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor"""
    return attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)


def _log_sum(query: Value) -> Value:
    """The second result of the kernels, which only the backward pass reads."""
    batch, heads, length = sizes(query)[:3]
    return op.Expand(number(0.0, FLOAT), shape([batch, heads, length]))


def _nothing() -> tuple[Value, Value]:
    return constant([], INT64), constant([], FLOAT)


@onnx_function("aten::_scaled_dot_product_flash_attention_for_cpu")
def flash_attention_for_cpu(
    query: TFloat,
    key: TFloat,
    value: TFloat,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    attn_mask: TensorType | None = None,
    scale: float | None = None,
) -> tuple[TFloat, Float]:
    """_scaled_dot_product_flash_attention_for_cpu(Tensor query, Tensor key, Tensor value, float dropout_p=0.0, bool is_causal=False, *, Tensor? attn_mask=None, float? scale=None) -> (Tensor output, Tensor logsumexp); logsumexp is not computed"""
    return attention(query, key, value, attn_mask, dropout_p, is_causal, scale), _log_sum(query)


@onnx_function("aten::_scaled_dot_product_efficient_attention")
def efficient_attention(
    query: TFloat,
    key: TFloat,
    value: TFloat,
    attn_bias: TensorType | None,
    compute_log_sumexp: bool,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> tuple[TFloat, Float, Int64, Int64]:
    """_scaled_dot_product_efficient_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_bias, bool compute_log_sumexp, float dropout_p=0.0, bool is_causal=False, *, float? scale=None) -> (Tensor output, Tensor log_sumexp, Tensor philox_seed, Tensor philox_offset); only the output is computed"""
    seed, _ = _nothing()
    return attention(query, key, value, attn_bias, dropout_p, is_causal, scale), _log_sum(query), seed, seed


@onnx_function("aten::_scaled_dot_product_flash_attention")
def flash_attention(
    query: TFloat,
    key: TFloat,
    value: TFloat,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    return_debug_mask: bool = False,
    scale: float | None = None,
) -> tuple[TFloat, Float, Int64, Int64, Int64, Int64, Int64, Int64, Float]:
    """_scaled_dot_product_flash_attention(Tensor query, Tensor key, Tensor value, float dropout_p=0.0, bool is_causal=False, bool return_debug_mask=False, *, float? scale=None) -> (Tensor output, Tensor logsumexp, Tensor cum_seq_q, Tensor cum_seq_k, SymInt max_q, SymInt max_k, Tensor rng_state, Tensor unused, Tensor debug_attn_mask); only the output is computed"""
    empty, mask = _nothing()
    result = attention(query, key, value, None, dropout_p, is_causal, scale)
    zero = number(0, INT64)
    return result, _log_sum(query), empty, empty, zero, zero, empty, empty, mask


@onnx_function("aten::_scaled_dot_product_attention_math")
def attention_math(
    query: TFloat,
    key: TFloat,
    value: TFloat,
    attn_mask: TensorType | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    dropout_mask: TensorType | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[TFloat, TFloat]:
    """_scaled_dot_product_attention_math(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, Tensor? dropout_mask=None, *, float? scale=None, bool enable_gqa=False) -> (Tensor, Tensor); the weights are not given out"""
    return attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa), query
