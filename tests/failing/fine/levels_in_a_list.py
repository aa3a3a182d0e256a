"""Levels of a pyramid in a list, each of its own open size (pytorch/pytorch#140488)."""

import torch
import torch.nn.functional as F


class Fuse(torch.nn.Module):
    def forward(self, levels, options):
        first = levels[0]
        rest = [F.interpolate(level, size=first.shape[2:], mode="bilinear") for level in levels[1:]]
        return sum(rest, first) * options["scale"]


def build():
    levels = [torch.rand(1, 2, 16, 12), torch.rand(1, 2, 8, 6), torch.rand(1, 2, 4, 3)]
    shapes = {"levels": [{2: f"h{n}", 3: f"w{n}"} for n in range(3)], "options": {"scale": None}}
    return Fuse(), (levels, {"scale": torch.tensor(0.5)}), {}, shapes
