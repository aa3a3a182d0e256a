"""Rotary positions, each angle twice (pytorch/pytorch#128505)."""

import torch


class Rotary(torch.nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        powers = torch.arange(0, dim, 2, dtype=torch.int64).float() / dim
        self.register_buffer("frequencies", 1.0 / (10000**powers), persistent=False)

    @torch.no_grad()
    def forward(self, x, positions):
        angles = positions[:, :, None].float() * self.frequencies[None, None, :]
        angles = torch.repeat_interleave(angles, 2, dim=-1)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def build():
    positions = torch.arange(5).expand(2, 5).contiguous()
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    shapes = {"x": {0: batch, 1: length}, "positions": {0: batch, 1: length}}
    return Rotary(), (torch.rand(2, 5, 8), positions), {}, shapes
