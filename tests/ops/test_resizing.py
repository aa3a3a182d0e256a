"""Resizing and sampling of images."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

import onnxdx
from onnxdx_diagnostics.report import VerdictOutcome

LINE, IMAGE, VOLUME = torch.randn(2, 3, 7), torch.randn(2, 3, 7, 5), torch.randn(2, 3, 4, 5, 6)


def resized(**options):
    return lambda x: F.interpolate(x, **options)


PROGRAMS = {
    "nearest1d": (resized(scale_factor=2.0), LINE),
    "nearest1d-size": (resized(size=11), LINE),
    "nearest2d": (resized(scale_factor=2), IMAGE),
    "nearest2d-scales": (resized(scale_factor=(1.5, 2.3)), IMAGE),
    "nearest2d-down": (resized(size=(3, 4)), IMAGE),
    "nearest2d-recomputed": (resized(scale_factor=1.7, recompute_scale_factor=True), IMAGE),
    "nearest2d-like-another": (lambda x: F.interpolate(x, size=(x.shape[2] * 2, x.shape[3] + 1)), IMAGE),
    "nearest3d": (resized(scale_factor=2), VOLUME),
    "exact1d": (resized(scale_factor=2.0, mode="nearest-exact"), LINE),
    "exact2d": (resized(size=(3, 9), mode="nearest-exact"), IMAGE),
    "exact2d-scales": (resized(scale_factor=(1.5, 2.3), mode="nearest-exact"), IMAGE),
    "linear": (resized(scale_factor=2.0, mode="linear"), LINE),
    "linear-corners": (resized(size=11, mode="linear", align_corners=True), LINE),
    "bilinear": (resized(scale_factor=2, mode="bilinear"), IMAGE),
    "bilinear-fraction": (resized(scale_factor=1.7, mode="bilinear"), IMAGE),
    "bilinear-size": (resized(size=(3, 9), mode="bilinear"), IMAGE),
    "bilinear-corners": (resized(size=(3, 9), mode="bilinear", align_corners=True), IMAGE),
    "bilinear-corners-scale": (resized(scale_factor=1.7, mode="bilinear", align_corners=True), IMAGE),
    "bilinear-recomputed": (resized(scale_factor=1.7, mode="bilinear", recompute_scale_factor=True), IMAGE),
    "bilinear-antialias": (resized(size=(3, 4), mode="bilinear", antialias=True), IMAGE),
    "bicubic": (resized(scale_factor=2, mode="bicubic"), IMAGE),
    "bicubic-size": (resized(size=(3, 9), mode="bicubic"), IMAGE),
    "bicubic-corners": (resized(size=(9, 9), mode="bicubic", align_corners=True), IMAGE),
    "bicubic-antialias": (resized(size=(3, 4), mode="bicubic", antialias=True), IMAGE),
    "trilinear": (resized(scale_factor=2, mode="trilinear"), VOLUME),
    "trilinear-corners": (resized(size=(6, 7, 3), mode="trilinear", align_corners=True), VOLUME),
    "area": (resized(size=(3, 4), mode="area"), IMAGE),
    "upsample": (torch.nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), IMAGE),
    "shuffle": (lambda x: F.pixel_shuffle(x, 2), torch.randn(2, 8, 3, 5)),
    "unshuffle": (lambda x: F.pixel_unshuffle(x, 2), torch.randn(2, 3, 4, 6)),
}


@pytest.mark.parametrize(("program", "image"), PROGRAMS.values(), ids=PROGRAMS)
def test_resizes_as_torch(program, image, proven):
    proven(program, image)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("factor", [1.05, 2.3, 2.49])
def test_picks_what_torch_picks_at_every_size(mode, factor):
    """Up to a sum of 128 torch takes factors of 1 and 2 from the sizes of an image, whatever the scale says."""
    sizes = (3, 2), (70, 2), (20, 2), (61, 60)
    shapes = ({2: torch.export.Dim("height"), 3: torch.export.Dim("width")},)

    program = onnxdx.export(Resized(factor, mode), (torch.randn(1, 2, 5, 7),), dynamic_shapes=shapes)

    for height, width in sizes:
        other = torch.randn(1, 2, height, width)
        assert torch.equal(program(other)[0], Resized(factor, mode)(other))
    alone = onnxdx.export(Resized(factor, mode), (torch.randn(1, 2, *sizes[0]),))
    assert alone.report.verdict.outcome is VerdictOutcome.PROVEN


class Resized(torch.nn.Module):
    def __init__(self, factor: float, mode: str) -> None:
        super().__init__()
        self.options = {"scale_factor": factor, "mode": mode}

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return F.interpolate(image, **self.options)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("scale", [0.6, 1.7])
def test_filters_as_wide_as_the_scale(mode, scale, proven_static):
    proven_static(resized(scale_factor=scale, mode=mode, antialias=True), IMAGE)


GRID = torch.rand(2, 6, 4, 2) * 2.4 - 1.2
SAMPLERS = [
    (mode, padding, corners)
    for mode in ("bilinear", "nearest", "bicubic")
    for padding in ("zeros", "border", "reflection")
    for corners in (False, True)
]


@pytest.mark.parametrize(("mode", "padding", "corners"), SAMPLERS)
def test_samples_a_grid(mode, padding, corners, proven_static):
    proven_static(lambda x, g: F.grid_sample(x, g, mode, padding, corners), IMAGE, GRID)


def test_samples_an_affine_grid(proven):
    proven(lambda x, t: F.grid_sample(x, F.affine_grid(t, x.shape, align_corners=False)), IMAGE, torch.randn(2, 2, 3))


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_samples_a_volume(mode, proven_static):
    grid = torch.rand(2, 3, 4, 5, 3) * 2.4 - 1.2
    proven_static(lambda x, g: F.grid_sample(x, g, mode, align_corners=False), VOLUME, grid)
