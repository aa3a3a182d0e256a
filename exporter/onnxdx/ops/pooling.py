# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Pooling: windows that torch lays out its own way (ceil_mode, divisors, windows of different lengths)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function, onnx_function_by_axes
from onnxdx.ops.values import (
    BOOL,
    INT64,
    Size,
    Value,
    constant,
    is_static,
    lowest,
    number,
    product,
    rank,
    scalar,
    shape,
    size,
)
from onnxdx.tracing.symbolic import op


def _spread(value: Sequence[int] | int | None, count: int, default: Sequence[int] = ()) -> list[int]:
    values = [value] if isinstance(value, int) else list(value or default)
    return values * count if len(values) == 1 else values


def _end_padding(length: Size, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int | None:
    """How much to pad at the end so that exactly torch's windows fit; None when it depends on an open size.

    A window of ceil_mode counts only when it starts inside the input or its left padding.
    """
    if not ceil_mode:
        return padding
    if not isinstance(length, int):
        return None
    extent = dilation * (kernel - 1) + 1
    windows = -(-(length + 2 * padding - extent) // stride) + 1
    if (windows - 1) * stride >= length + padding:
        windows -= 1
    return max((windows - 1) * stride + extent - length - padding, 0)


def _layout(self: Value, count: int, kernel: list[int], stride: list[int], padding: list[int], dilation: list[int],
            ceil_mode: bool) -> tuple[list[int], bool]:  # fmt: skip
    """`pads` and `ceil_mode` of the ONNX operator."""
    ends = [
        _end_padding(size(self, rank(self) - count + axis), kernel[axis], stride[axis], padding[axis], dilation[axis],
                     ceil_mode)
        for axis in range(count)
    ]  # fmt: skip
    if None in ends:
        return [*padding, *padding], True
    return [*padding, *ends], False


@onnx_function_by_axes("aten::avg_pool{}d")
def avg_pool(
    count: int,
    self: TFloat,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> TFloat:
    """avg_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor; avg_pool1d has no divisor"""
    kernel = _spread(kernel_size, count)
    strides, paddings = _spread(stride, count, kernel), _spread(padding, count)
    pads, ceil = _layout(self, count, kernel, strides, paddings, [1] * count, ceil_mode)
    unbatched = rank(self) == count + 1
    x = op.Unsqueeze(self, [0]) if unbatched else self
    counted = count_include_pad or divisor_override is not None
    if any(paddings) and counted and (ceil or pads[count:] != paddings):
        # what ceil_mode adds at the end is not counted, the padding that was asked for is
        x = op.Pad(x, [0, 0, *paddings, 0, 0, *paddings], 0.0)
        pads = [0] * count + [max(end - asked, 0) for end, asked in zip(pads[count:], paddings, strict=True)]
        counted = False
    if not any(paddings):
        counted = False
    full_windows = not ceil and pads[count:] == [0] * count
    if divisor_override is not None and not full_windows:
        if not (pads[:count] == [0] * count or counted):
            raise NotImplementedError("divisor_override with these windows")
        if ceil:
            raise NotImplementedError("divisor_override in ceil_mode with an open size")
        if any(pads):
            x = op.Pad(x, [0, 0, *pads[:count], 0, 0, *pads[count:]], 0.0)
            pads = [0] * (2 * count)
    result = op.AveragePool(
        x,
        kernel_shape=kernel,
        strides=strides,
        pads=pads if any(pads) else None,
        ceil_mode=int(ceil) or None,
        count_include_pad=1 if counted and any(pads) else None,
    )
    if divisor_override is not None:
        result = op.Mul(result, float(np.prod(kernel)) / divisor_override)
    return op.Squeeze(result, [0]) if unbatched else result


def _maximum(
    self: Value,
    count: int,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
    indices: bool = False,
) -> Any:
    kernel, dilations = _spread(kernel_size, count), _spread(dilation, count)
    strides, paddings = _spread(stride, count, kernel), _spread(padding, count)
    pads, ceil = _layout(self, count, kernel, strides, paddings, dilations, ceil_mode)
    unbatched = rank(self) == count + 1
    x = op.Unsqueeze(self, [0]) if unbatched else self
    if any(pad >= length for pad, length in zip(pads, [*kernel, *kernel], strict=True)):
        # ONNX Runtime does not pad by a kernel or more
        if indices:
            raise NotImplementedError("indices of a max_pool that is padded by as much as its kernel")
        x = op.Pad(x, [0, 0, *pads[:count], 0, 0, *pads[count:]], number(lowest(self.dtype), self.dtype))
        pads = [0] * (2 * count)
    options = {
        "kernel_shape": kernel,
        "strides": strides,
        "pads": pads if any(pads) else None,
        "dilations": dilations if dilations != [1] * count else None,
        "ceil_mode": int(ceil) or None,
    }
    values, positions = op.MaxPool(x, **options)
    if unbatched:
        values = op.Squeeze(values, [0])
    if not indices:
        return values
    # ONNX counts from the first element of the whole tensor, torch from the first of the plane
    plane = product([size(self, rank(self) - count + axis) for axis in range(count)])
    positions = op.Mod(positions, plane)
    return values, op.Squeeze(positions, [0]) if unbatched else positions


@onnx_function_by_axes("aten::max_pool{}d")
def max_pool(
    count: int,
    self: TReal,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> TReal:
    """max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool ceil_mode=False) -> Tensor"""
    return _maximum(self, count, kernel_size, stride, padding, dilation, ceil_mode)


@onnx_function_by_axes("aten::max_pool{}d_with_indices")
def max_pool_with_indices(
    count: int,
    self: TReal,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> tuple[TReal, Int64]:
    """max_pool2d_with_indices(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool ceil_mode=False) -> (Tensor, Tensor)"""
    return _maximum(self, count, kernel_size, stride, padding, dilation, ceil_mode, indices=True)


def _windows(length: Size, count: Size) -> tuple[Any, Any, Any]:
    """Start, end and greatest length of the `count` windows of an adaptive pooling over `length`."""
    if isinstance(length, int) and isinstance(count, int):
        position = np.arange(count)
        start, end = position * length // count, -(-(position + 1) * length // count)
        return start, end, int((end - start).max(initial=1))
    position = op.Range(0, scalar(count), 1)
    whole, pieces = scalar(length), scalar(count)
    start = op.Div(op.Mul(position, whole), pieces)
    end = op.Div(op.Sub(op.Add(op.Mul(op.Add(position, 1), whole), pieces), 1), pieces)
    return start, end, op.ReduceMax(op.Sub(end, start), keepdims=False)


def _averaged(x: Value, dims: int, axis: int, length: Size, count: Size) -> Value:
    """Adaptive averages along one axis of a tensor of `dims` dimensions."""
    if count == 1:
        return op.ReduceMean(x, [axis], keepdims=True)
    if isinstance(length, int) and count == length:
        return x
    start, end, longest = _windows(length, count)
    trailing = [1] * (dims - axis - 1)
    if isinstance(start, np.ndarray):
        taken = np.minimum(start[:, None] + np.arange(longest), length - 1)
        windows = op.Gather(x, constant(taken, INT64), axis=axis)
        if ((end - start) == longest).all():
            return op.ReduceMean(windows, [axis + 1], keepdims=False)
        inside = (start[:, None] + np.arange(longest) < end[:, None]).reshape(count, longest, *trailing)
        lengths = constant((end - start).reshape(count, *trailing), x.dtype)
        kept = op.Where(constant(inside, BOOL), windows, op.CastLike(0.0, x))
        return op.Div(op.ReduceSum(kept, [axis + 1], keepdims=False), lengths)
    taken = op.Add(op.Unsqueeze(start, [1]), op.Range(0, longest, 1))
    inside = op.Less(taken, op.Unsqueeze(end, [1]))
    windows = op.Gather(x, op.Min(taken, op.Sub(scalar(length), 1)), axis=axis)
    lengths = op.Sub(end, start)
    if trailing:
        after = list(range(1, len(trailing) + 1))
        inside, lengths = op.Unsqueeze(inside, [item + 1 for item in after]), op.Unsqueeze(lengths, after)
    kept = op.Where(inside, windows, op.CastLike(0.0, x))
    return op.Div(op.ReduceSum(kept, [axis + 1], keepdims=False), op.CastLike(lengths, x))


def _divided(self: Value, output_size: Sequence[Size]) -> list[tuple[Size, Size]]:
    """The size of each spatial axis, and into how many windows it is divided."""
    first = rank(self) - len(output_size)
    return [(size(self, first + offset), pieces) for offset, pieces in enumerate(output_size)]


def _even_windows(divided: Sequence[tuple[Size, Size]]) -> list[int] | None:
    """How long the windows of each axis are; None where they differ, or a size is open."""
    if all(is_static(axis) and axis[1] and axis[0] % axis[1] == 0 for axis in divided):
        return [length // pieces for length, pieces in divided]
    return None


@onnx_function(
    "aten::adaptive_avg_pool1d", "aten::adaptive_avg_pool2d", "aten::adaptive_avg_pool3d",
    "aten::_adaptive_avg_pool2d", "aten::_adaptive_avg_pool3d",
)  # fmt: skip
def adaptive_avg_pool(self: TFloat, output_size: Int64) -> TFloat:
    """adaptive_avg_pool2d(Tensor self, SymInt[2] output_size) -> Tensor"""
    dims, divided = rank(self), _divided(self, output_size)
    axes = list(range(dims - len(divided), dims))
    if all(pieces == 1 for _, pieces in divided):
        return op.ReduceMean(self, axes, keepdims=True)
    kernel = _even_windows(divided)
    if kernel is not None:
        return avg_pool(len(divided), self, kernel, kernel)
    result = self
    for axis, (length, pieces) in zip(axes, divided, strict=True):
        result = _averaged(result, dims, axis, length, pieces)
    return result


@onnx_function("aten::adaptive_max_pool1d", "aten::adaptive_max_pool2d", "aten::adaptive_max_pool3d")
def adaptive_max_pool(self: TReal, output_size: Int64) -> tuple[TReal, Int64]:
    """adaptive_max_pool2d(Tensor self, int[2] output_size) -> (Tensor, Tensor)

    Windows are gathered axis by axis; a short one repeats its last element, which changes neither maximum nor place.
    """
    dims, divided = rank(self), _divided(self, output_size)
    count, lengths = len(divided), [length for length, _ in divided]
    kernel = _even_windows(divided)
    if kernel is not None:
        return _maximum(self, count, kernel, kernel, [0], [1], False, indices=True)
    gathered, place = self, op.Reshape(op.Range(0, scalar(product(lengths)), 1), shape(lengths))
    for offset, (length, pieces) in enumerate(divided):
        start, end, longest = _windows(length, pieces)
        if isinstance(start, np.ndarray):
            taken = constant(np.minimum(start[:, None] + np.arange(longest), end[:, None] - 1), INT64)
        else:
            reached = op.Add(op.Unsqueeze(start, [1]), op.Range(0, longest, 1))
            taken = op.Min(reached, op.Sub(op.Unsqueeze(end, [1]), 1))
        gathered = op.Gather(gathered, taken, axis=dims - count + 2 * offset)
        place = op.Gather(place, taken, axis=2 * offset)
    leading = list(range(dims - count))
    order = [*range(0, 2 * count, 2), *range(1, 2 * count, 2)]
    gathered = op.Transpose(gathered, perm=[*leading, *(len(leading) + axis for axis in order)])
    place = op.Transpose(place, perm=order)
    pooled = [*(size(self, axis) for axis in leading), *output_size]
    gathered = op.Reshape(gathered, shape([*pooled, -1]), allowzero=0)
    place = op.Reshape(place, shape([*output_size, -1]))
    best = op.ArgMax(gathered, axis=-1, keepdims=True)
    values = op.Squeeze(op.GatherElements(gathered, best, axis=-1), [-1])
    places = op.GatherElements(op.Expand(place, op.Shape(gathered)), best, axis=-1)
    return values, op.Squeeze(places, [-1])
