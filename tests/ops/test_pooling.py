"""Pooling: windows, paddings and divisors as torch counts them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

LINE, IMAGE, VOLUME = torch.randn(2, 3, 11), torch.randn(2, 3, 11, 9), torch.randn(2, 3, 7, 8, 9)

PROGRAMS = {
    "avg1d": (lambda x: F.avg_pool1d(x, 3, 2, 1), LINE),
    "avg1d-ceil": (lambda x: F.avg_pool1d(x, 3, 2, 1, ceil_mode=True), LINE),
    "avg1d-ceil-without-padding": (lambda x: F.avg_pool1d(x, 4, 3, 1, ceil_mode=True, count_include_pad=False), LINE),
    "avg1d-ceil-unpadded": (lambda x: F.avg_pool1d(x, 7, 3, ceil_mode=True), LINE),
    "avg2d": (lambda x: F.avg_pool2d(x, 2), IMAGE),
    "avg2d-pairs": (lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 0)), IMAGE),
    "avg2d-ceil": (lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), IMAGE),
    "avg2d-ceil-not-counting": (lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False), IMAGE),
    "avg2d-divisor": (lambda x: F.avg_pool2d(x, 3, 2, 1, divisor_override=5), IMAGE),
    "avg2d-unbatched": (lambda x: F.avg_pool2d(x, 2), IMAGE[0]),
    "avg3d": (lambda x: F.avg_pool3d(x, 3, 2, 1, ceil_mode=True), VOLUME),
    "avg3d-divisor": (lambda x: F.avg_pool3d(x, 2, 1, 1, divisor_override=3), VOLUME),
    "max1d": (lambda x: F.max_pool1d(x, 3, 2, 1), LINE),
    "max2d": (lambda x: F.max_pool2d(x, 3, 2, 1), IMAGE),
    "max2d-ceil": (lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True), IMAGE),
    "max2d-dilated": (lambda x: F.max_pool2d(x, 2, 3, 1, dilation=2, ceil_mode=True), IMAGE),
    "max2d-indices": (lambda x: F.max_pool2d(x, 3, 2, 1, return_indices=True), IMAGE),
    "max2d-unbatched-indices": (lambda x: F.max_pool2d(x, 2, return_indices=True), IMAGE[0]),
    "max3d": (lambda x: F.max_pool3d(x, 3, padding=1, dilation=(1, 2, 1), ceil_mode=True), VOLUME),
    "max3d-indices": (lambda x: F.max_pool3d(x, 2, return_indices=True), VOLUME),
    "max-unpool": (lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), torch.randn(2, 3, 8, 6)),
    "adaptive-avg1d": (lambda x: F.adaptive_avg_pool1d(x, 4), LINE),
    "adaptive-avg2d-to-one": (lambda x: F.adaptive_avg_pool2d(x, 1), IMAGE),
    "adaptive-avg2d": (lambda x: F.adaptive_avg_pool2d(x, (5, 7)), IMAGE),
    "adaptive-avg2d-larger": (lambda x: F.adaptive_avg_pool2d(x, (13, 4)), IMAGE),
    "adaptive-avg2d-divisible": (lambda x: F.adaptive_avg_pool2d(x, (4, 3)), torch.randn(2, 3, 8, 9)),
    "adaptive-avg2d-one-given": (lambda x: F.adaptive_avg_pool2d(x, (None, 2)), IMAGE),
    "adaptive-avg3d": (lambda x: F.adaptive_avg_pool3d(x, (3, 5, 2)), VOLUME),
    "adaptive-avg3d-unbatched": (lambda x: F.adaptive_avg_pool3d(x, 2), VOLUME[0]),
    "adaptive-max1d": (lambda x: F.adaptive_max_pool1d(x, 4), LINE),
    "adaptive-max2d": (lambda x: F.adaptive_max_pool2d(x, (5, 7)), IMAGE),
    "adaptive-max2d-to-one": (lambda x: F.adaptive_max_pool2d(x, 1), IMAGE),
    "adaptive-max2d-indices": (lambda x: F.adaptive_max_pool2d(x, (5, 4), return_indices=True), IMAGE),
    "adaptive-max3d": (lambda x: F.adaptive_max_pool3d(x, (3, 5, 2)), VOLUME),
    "lp": (lambda x: F.lp_pool2d(x.abs(), 2, 3, 2), IMAGE),
}


@pytest.mark.parametrize(("program", "inputs"), PROGRAMS.values(), ids=PROGRAMS)
def test_pools_as_torch(program, inputs, proven):
    proven(program, inputs)


def test_averages_by_a_divisor_in_ceil_mode(proven_static):
    proven_static(lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, divisor_override=2), IMAGE)
