# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Resizing images and sampling them at points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.values import (
    BOOL,
    FLOAT,
    INT64,
    Size,
    Value,
    cast,
    constant,
    is_float,
    is_static,
    number,
    rank,
    scalar,
    shape,
    size,
    sizes,
    tracer,
)
from onnxdx.tracing.symbolic import OpsetNeeded, op


def _resize(
    self: Value, output_size: Sequence[Size] | None, scales: Sequence[float | None] | None, **options: Any
) -> Value:
    """ONNX Resize by the scales that were given, else to a size; the leading two dimensions stay."""
    if scales is not None and None not in scales:
        return op.Resize(self, None, op.Constant(value_floats=[1.0, 1.0, *map(float, scales)]), None, **options)
    wanted = [size(self, 0), size(self, 1), *output_size]
    return op.Resize(self, None, None, shape(wanted), **options)


def _interpolated(
    self: Value,
    output_size: Sequence[Size] | None,
    scales: Sequence[float | None] | None,
    mode: str,
    align_corners: bool,
) -> Value:
    """Linear and cubic resizing. With aligned corners torch takes the ratio from the sizes, never from the scales."""
    _refuse_integers(self)
    if align_corners and scales is not None and None not in scales:
        output_size, scales = _scaled_sizes(self, scales), None
    corners = "align_corners" if align_corners else "half_pixel"
    options = {"cubic_coeff_a": -0.75} if mode == "cubic" else {}
    return _resize(self, output_size, scales, mode=mode, coordinate_transformation_mode=corners, **options)


def _refuse_integers(self: Value) -> None:
    """Torch rounds means of integers by fixed-point weights of its own, ONNX cuts them off."""
    if not is_float(self):
        raise NotImplementedError("interpolating integers")


def _scaled_sizes(self: Value, scales: Sequence[float]) -> list[Size]:
    """Sizes times scales, rounded down as torch does it in double precision."""
    found: list[Size] = []
    for axis, scale in enumerate(scales):
        length = size(self, axis + 2)
        if isinstance(length, int):
            found.append(int(length * scale))
        else:
            product = op.Mul(op.Cast(length, to=11), float(scale))
            found.append(op.Cast(op.Floor(product), to=INT64))
    return found


def _or_sizes(self: Value, output_size: Sequence[Size] | None, scales: Sequence[float] | None) -> list[Size]:
    return list(output_size) if output_size is not None else _scaled_sizes(self, scales)


def _nearest(
    self: Value, output_size: Sequence[Size] | None, scales: Sequence[float | None] | None, exact: bool
) -> Value:
    """Nearest neighbour. But for enlargements by whole numbers the elements are picked, since ratios round differently."""
    scales = list(scales) if scales is not None else [None] * len(output_size)
    targets = _or_sizes(self, output_size, scales)
    lengths = [size(self, axis + 2) for axis in range(len(targets))]
    whole = [_whole_factor(*item) for item in zip(lengths, targets, scales, strict=True)]
    if all(whole):
        return _resize(
            self, None, whole, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
        )
    measured = _measured(targets) if len(targets) == 2 and not exact else False
    result = self
    for axis, (length, target, scale) in enumerate(zip(lengths, targets, scales, strict=True)):
        if scale != 1.0 and not (scale is None and isinstance(length, int) and length == target):
            result = op.Gather(result, _picked(length, target, scale, exact, measured), axis=axis + 2)
    return result


def _whole_factor(length: Size, target: Size, scale: float | None) -> float | None:
    """The factor of an enlargement by a whole number, which is the same in every rounding."""
    if scale is not None:
        return float(scale) if float(scale).is_integer() and scale >= 1 else None
    if isinstance(length, int) and isinstance(target, int) and length and target % length == 0:
        return float(target // length)
    return None


def _measured(targets: Sequence[Size]) -> bool | Value:
    """Whether the sizes are so small that torch takes the factors 1 and 2 from them, whatever the scale says.

    `_use_vectorized_kernel_cond_2d` of ATen's UpSampleKernel, for images that are not laid out by channels.
    """
    if is_static(targets):
        return sum(targets) <= 128
    return op.LessOrEqual(op.Add(scalar(targets[0]), scalar(targets[1])), number(128, INT64))


def _picked(length: Size, target: Size, scale: float | None, exact: bool, measured: bool | Value) -> Value:
    """Which elements torch takes: `nearest_idx` of ATen's UpSample.h, in single precision."""
    if not is_static((length, target)) or not isinstance(measured, bool):
        return _picked_when_run(scalar(length), scalar(target), scale, exact, measured)
    ratio = np.float32(length) / np.float32(target)
    if scale is not None and not (measured and target in (length, 2 * length)):
        ratio = np.float32(1.0 / scale)
    position = np.arange(target, dtype=np.float32) + np.float32(0.5 if exact else 0.0)
    return constant(np.minimum(np.floor(position * ratio).astype(np.int64), length - 1), INT64)


def _picked_when_run(length: Value, target: Value, scale: float | None, exact: bool, measured: bool | Value) -> Value:
    """The same where sizes are open."""
    ratio = op.Div(cast(length, FLOAT), cast(target, FLOAT))
    if scale is not None:
        told = number(1.0 / scale, FLOAT)
        whole = op.Or(op.Equal(target, length), op.Equal(target, op.Mul(length, number(2, INT64))))
        ratio = op.Where(op.And(whole, cast(measured, BOOL)), ratio, told) if measured is not False else told
    position = cast(op.Range(number(0, INT64), target, number(1, INT64)), FLOAT)
    if exact:
        position = op.Add(position, number(0.5, FLOAT))
    index = cast(op.Floor(op.Mul(position, ratio)), INT64)
    return op.Min(index, op.Sub(length, number(1, INT64)))


def _upsample_nearest(name: str, exact: bool) -> None:
    """Register the functions of one operator ("upsample_nearest"): for 1, 2 and 3 spatial axes, by size or scales."""

    @onnx_function(*(f"aten::{name}{axes}d.vec" for axes in (1, 2, 3)), called=f"{name}_vec")
    def upsample_vec(
        input: TReal, output_size: Int64 | None = None, scale_factors: Sequence[float] | None = None
    ) -> TReal:
        """upsample_nearest2d.vec(Tensor input, SymInt[]? output_size, float[]? scale_factors) -> Tensor"""
        return _nearest(input, output_size, scale_factors, exact)

    @onnx_function(f"aten::{name}1d", called=f"{name}1d")
    def upsample1d(self: TReal, output_size: Int64, scales: float | None = None) -> TReal:
        """upsample_nearest1d(Tensor self, SymInt[1] output_size, float? scales=None) -> Tensor"""
        return _nearest(self, output_size, [scales], exact)

    @onnx_function(f"aten::{name}2d", called=f"{name}2d")
    def upsample2d(
        self: TReal, output_size: Int64, scales_h: float | None = None, scales_w: float | None = None
    ) -> TReal:
        """upsample_nearest2d(Tensor self, SymInt[2] output_size, float? scales_h=None, float? scales_w=None) -> Tensor"""
        return _nearest(self, output_size, [scales_h, scales_w], exact)

    @onnx_function(f"aten::{name}3d", called=f"{name}3d")
    def upsample3d(
        self: TReal,
        output_size: Int64,
        scales_d: float | None = None,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> TReal:
        """upsample_nearest3d(Tensor self, SymInt[3] output_size, float? scales_d=None, float? scales_h=None, float? scales_w=None) -> Tensor"""
        return _nearest(self, output_size, [scales_d, scales_h, scales_w], exact)


_upsample_nearest("upsample_nearest", exact=False)
_upsample_nearest("_upsample_nearest_exact", exact=True)


@onnx_function("aten::upsample_linear1d.vec", "aten::upsample_trilinear3d.vec")
def upsample_linear_vec(
    input: TReal,
    output_size: Int64 | None,
    align_corners: bool,
    scale_factors: Sequence[float] | None = None,
) -> TReal:
    """upsample_trilinear3d.vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]? scale_factors) -> Tensor"""
    return _interpolated(input, output_size, scale_factors, "linear", align_corners)


@onnx_function("aten::upsample_linear1d")
def upsample_linear1d(self: TReal, output_size: Int64, align_corners: bool, scales: float | None = None) -> TReal:
    """upsample_linear1d(Tensor self, SymInt[1] output_size, bool align_corners, float? scales=None) -> Tensor"""
    return _interpolated(self, output_size, [scales], "linear", align_corners)


@onnx_function("aten::upsample_trilinear3d")
def upsample_trilinear3d(
    self: TReal,
    output_size: Int64,
    align_corners: bool,
    scales_d: float | None = None,
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> TReal:
    """upsample_trilinear3d(Tensor self, SymInt[3] output_size, bool align_corners, float? scales_d=None, float? scales_h=None, float? scales_w=None) -> Tensor"""
    return _sized(self, output_size, [scales_d, scales_h, scales_w], "linear", align_corners)


def _sized(
    self: Value,
    output_size: Sequence[Size] | None,
    scales: Sequence[float | None] | None,
    mode: str,
    align_corners: bool,
) -> Value:
    """Resizing that may be given both a size and scales: the scales set the ratio, the size how much there is of it."""
    if output_size is None or scales is None:
        return _interpolated(self, output_size, scales, mode, align_corners)
    if align_corners or all(scale is None for scale in scales):
        return _interpolated(self, output_size, None, mode, align_corners)
    lengths = [size(self, axis + 2) for axis in range(len(scales))]
    fitting = is_static(lengths) and is_static(output_size) and None not in scales
    if not fitting or [int(a * b) for a, b in zip(lengths, scales, strict=True)] != list(output_size):
        raise NotImplementedError("a size that is not that of the scales")
    return _interpolated(self, None, scales, mode, align_corners)


def _antialiased(
    self: Value,
    output_size: Sequence[Size] | None,
    scales: Sequence[float | None] | None,
    mode: str,
    align_corners: bool,
) -> Value:
    """Resizing with a filter as wide as the reduction, which torch takes from the scales where they are given."""
    _refuse_integers(self)
    if align_corners:
        raise NotImplementedError("antialiasing with aligned corners")
    scales = list(scales) if scales is not None else [None, None]
    lengths = [size(self, 2), size(self, 3)]
    targets = _or_sizes(self, output_size, scales)
    if any(scale is not None for scale in scales):
        if not (is_static(lengths) and is_static(targets)):
            raise NotImplementedError("antialiasing by scales with open sizes")
        result = self
        for axis in (1, 0):
            weights = _antialias_weights(lengths[axis], targets[axis], scales[axis], mode)
            result = _weighted(result, weights, axis)
        return result
    options = {"cubic_coeff_a": -0.5} if mode == "cubic" else {}
    return _resize(
        self, targets, None, mode=mode, coordinate_transformation_mode="half_pixel", antialias=1, exclude_outside=1,
        **options,
    )  # fmt: skip


def _weighted(self: Value, weights: np.ndarray, axis: int) -> Value:
    matrix = constant(weights, self.dtype)
    return op.MatMul(matrix, self) if axis == 0 else op.MatMul(self, op.Transpose(matrix, perm=[1, 0]))


def _antialias_weights(length: int, target: int, scale: float | None, mode: str) -> np.ndarray:
    """The filter of each output element over the inputs: `_compute_indices_weights_aa` of ATen's UpSampleKernel."""
    ratio = 1.0 / scale if scale is not None and scale > 0 else length / target
    width = 2.0 if mode == "cubic" else 1.0
    support, inverse = (width * ratio, 1.0 / ratio) if ratio >= 1.0 else (width, 1.0)
    weights = np.zeros((target, length))
    for row in range(target):
        centre = ratio * (row + 0.5)
        first = max(int(centre - support + 0.5), 0)
        last = min(int(centre + support + 0.5), length)
        taps = _filter((np.arange(first, last) - centre + 0.5) * inverse, mode)
        total = taps.sum()
        weights[row, first:last] = taps / total if total else taps
    return weights


def _filter(x: np.ndarray, mode: str) -> np.ndarray:
    x = np.abs(x)
    if mode == "linear":
        return np.maximum(1.0 - x, 0.0)
    a = -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _upsample2d(name: str, resized: Callable[..., Value], mode: str) -> None:
    """Register the functions of one operator that interpolates images ("upsample_bilinear2d"), by size or scales."""

    @onnx_function(f"aten::{name}", called=name)
    def upsample2d(
        self: TReal,
        output_size: Int64,
        align_corners: bool,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> TReal:
        """upsample_bilinear2d(Tensor self, SymInt[2] output_size, bool align_corners, float? scales_h=None, float? scales_w=None) -> Tensor"""
        return resized(self, output_size, [scales_h, scales_w], mode, align_corners)

    @onnx_function(f"aten::{name}.vec", called=f"{name}_vec")
    def upsample2d_vec(
        input: TReal, output_size: Int64 | None, align_corners: bool, scale_factors: Sequence[float] | None = None
    ) -> TReal:
        """upsample_bilinear2d.vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]? scale_factors) -> Tensor"""
        return resized(input, output_size, scale_factors, mode, align_corners)


_upsample2d("upsample_bilinear2d", _sized, "linear")
_upsample2d("upsample_bicubic2d", _sized, "cubic")
_upsample2d("_upsample_bilinear2d_aa", _antialiased, "linear")
_upsample2d("_upsample_bicubic2d_aa", _antialiased, "cubic")


_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


@onnx_function("aten::grid_sampler", "aten::grid_sampler_2d", "aten::grid_sampler_3d", "aten::cudnn_grid_sampler")
def grid_sampler(
    input: TFloat, grid: TFloat, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> TFloat:
    """grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor"""
    if rank(input) == 5 and tracer().opset_version < 20:
        raise OpsetNeeded(20)
    return op.GridSample(
        input,
        grid,
        mode=_MODES[interpolation_mode],
        padding_mode=_PADDINGS[padding_mode],
        align_corners=int(align_corners),
    )


def _regrouped(self: Value, split: Sequence[Size], perm: Sequence[int], joined: Sequence[Size]) -> Value:
    return op.Reshape(op.Transpose(op.Reshape(self, shape(split)), perm=perm), shape(joined))


@onnx_function("aten::pixel_shuffle")
def pixel_shuffle(self: TReal, upscale_factor: int) -> TReal:
    """pixel_shuffle(Tensor self, int upscale_factor) -> Tensor"""
    if not is_float(self):
        return _shuffled(self, upscale_factor)
    if rank(self) == 4:
        return op.DepthToSpace(self, blocksize=upscale_factor, mode="CRD")
    *batch, channels, height, width = sizes(self)
    factor, dims = upscale_factor, len(batch)
    flat = op.Reshape(self, shape([-1, channels, height, width]))
    result = op.DepthToSpace(flat, blocksize=factor, mode="CRD")
    if dims == 0:
        return op.Squeeze(result, [0])
    return op.Reshape(result, shape([*batch, *(_of(result, axis) for axis in (1, 2, 3))]))


def _shuffled(self: Value, factor: int) -> Value:
    """By transposition, since ONNX Runtime moves only floats from depth to space."""
    *batch, channels, height, width = sizes(self)
    first, fewer = len(batch), _divided(channels, factor * factor)
    split = [*batch, fewer, factor, factor, height, width]
    perm = [*range(first), first, first + 3, first + 1, first + 4, first + 2]
    return _regrouped(self, split, perm, [*batch, fewer, _times(height, factor), _times(width, factor)])


@onnx_function("aten::pixel_unshuffle")
def pixel_unshuffle(self: TReal, downscale_factor: int) -> TReal:
    """pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor"""
    *batch, channels, height, width = sizes(self)
    factor, first = downscale_factor, len(batch)
    rows, columns, deeper = (_divided(height, factor), _divided(width, factor), _times(channels, factor * factor))
    perm = [*range(first), first, first + 2, first + 4, first + 1, first + 3]
    split = [*batch, channels, rows, factor, columns, factor]
    return _regrouped(self, split, perm, [*batch, deeper, rows, columns])


def _of(value: Value, axis: int) -> Value:
    return op.Shape(value, start=axis, end=axis + 1)


def _divided(length: Size, factor: int) -> Size:
    return length // factor if isinstance(length, int) else op.Div(length, factor)


def _times(length: Size, factor: int) -> Size:
    return length * factor if isinstance(length, int) else op.Mul(length, factor)
