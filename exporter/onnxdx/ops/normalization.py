# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Batch normalisation, by running statistics or by those of the batch."""

from __future__ import annotations

from typing import Any

from onnxscript.function_libs.torch_lib.tensor_typing import TFloat

from onnxdx.ops import onnx_function
from onnxdx.ops.reductions import count, variance
from onnxdx.ops.values import FLOAT, Value, cast, constant, number, rank
from onnxdx.tracing.symbolic import op


def _channels(x: Value, like: Value) -> Value:
    """One value for each channel, to be broadcast over the other dimensions."""
    behind = rank(like) - 2
    return op.Unsqueeze(x, list(range(1, behind + 1))) if behind > 0 else x


def _or_constant(x: Value | None, value: float, like: Value) -> Value:
    if x is not None:
        return x
    channels = like.shape[1]
    if isinstance(channels, int):
        return constant([value] * channels, like.dtype)
    return op.Expand(number(value, like.dtype), op.Shape(like, start=1, end=2))


def _by_batch(
    input: Value, weight: Value | None, bias: Value | None, momentum: float, eps: float
) -> tuple[Value, Value, Value, Value]:
    """The normalised input, mean, inverse of the spread, and unbiased variance of the batch."""
    axes = [axis for axis in range(rank(input)) if axis != 1]
    spread, mean = variance(input, axes, 0, False)
    inverse = op.Reciprocal(op.Sqrt(op.Add(spread, number(eps, input.dtype))))
    scale = inverse if weight is None else op.Mul(inverse, weight)
    result = op.Mul(op.Sub(input, _channels(mean, input)), _channels(scale, input))
    if bias is not None:
        result = op.Add(result, _channels(bias, input))
    elements: Any = count(input, axes)
    if isinstance(elements, int):
        unbiased = op.Mul(spread, number(elements / max(elements - 1, 1), input.dtype))
    else:
        n = cast(elements, input.dtype)
        unbiased = op.Mul(spread, op.Div(n, op.Sub(n, number(1.0, input.dtype))))
    return result, mean, inverse, unbiased


def _by_running(
    input: Value, weight: Value | None, bias: Value | None, mean: Value, spread: Value, eps: float
) -> Value:
    scale, shift = _or_constant(weight, 1.0, input), _or_constant(bias, 0.0, input)
    return op.BatchNormalization(input, scale, shift, mean, spread, epsilon=eps)


def _moved(running: Value, seen: Value, momentum: float) -> Value:
    kept = op.Mul(running, number(1 - momentum, running.dtype))
    return op.Add(kept, op.Mul(cast(seen, running.dtype), number(momentum, running.dtype)))


def _nothing() -> Value:
    return constant([], FLOAT)


@onnx_function("aten::native_batch_norm")
def native_batch_norm(
    input: TFloat,
    weight: TFloat | None,
    bias: TFloat | None,
    running_mean: TFloat | None,
    running_var: TFloat | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[TFloat, TFloat, TFloat]:
    """native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)"""
    if training or running_mean is None:
        return _by_batch(input, weight, bias, momentum, eps)[:3]
    return _by_running(input, weight, bias, running_mean, running_var, eps), _nothing(), _nothing()


@onnx_function("aten::_native_batch_norm_legit.no_stats")
def batch_norm_without_statistics(
    input: TFloat, weight: TFloat | None, bias: TFloat | None, training: bool, momentum: float, eps: float
) -> tuple[TFloat, TFloat, TFloat]:
    """_native_batch_norm_legit.no_stats(Tensor input, Tensor? weight, Tensor? bias, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)"""
    return _by_batch(input, weight, bias, momentum, eps)[:3]


@onnx_function("aten::_native_batch_norm_legit_functional")
def batch_norm_functional(
    input: TFloat,
    weight: TFloat | None,
    bias: TFloat | None,
    running_mean: TFloat,
    running_var: TFloat,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[TFloat, TFloat, TFloat, TFloat, TFloat]:
    """_native_batch_norm_legit_functional(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor, Tensor running_mean_out, Tensor running_var_out)"""
    if not training:
        result = _by_running(input, weight, bias, running_mean, running_var, eps)
        return result, _nothing(), _nothing(), running_mean, running_var
    result, mean, inverse, unbiased = _by_batch(input, weight, bias, momentum, eps)
    return result, mean, inverse, _moved(running_mean, mean, momentum), _moved(running_var, unbiased, momentum)


@onnx_function("aten::_native_batch_norm_legit_no_training")
def batch_norm_without_training(
    input: TFloat,
    weight: TFloat | None,
    bias: TFloat | None,
    running_mean: TFloat,
    running_var: TFloat,
    momentum: float,
    eps: float,
) -> tuple[TFloat, TFloat, TFloat]:
    """_native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, float momentum, float eps) -> (Tensor, Tensor, Tensor)"""
    return _by_running(input, weight, bias, running_mean, running_var, eps), _nothing(), _nothing()


@onnx_function("aten::batch_norm")
def batch_norm(
    input: TFloat,
    weight: TFloat | None,
    bias: TFloat | None,
    running_mean: TFloat | None,
    running_var: TFloat | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> TFloat:
    """batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled) -> Tensor"""
    if training or running_mean is None:
        return _by_batch(input, weight, bias, momentum, eps)[0]
    return _by_running(input, weight, bias, running_mean, running_var, eps)
