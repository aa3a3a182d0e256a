"""An open size is halved, and rooted by `math` (pytorch/pytorch#126607)."""

import math

import torch


class Halves(torch.nn.Module):
    def forward(self, x):
        half = int(x.shape[1] * 0.5)
        x = x / math.sqrt(x.shape[1])  # expect: DX104
        return x[:, :half], x[:, half:]


def build():
    return Halves(), (torch.rand(2, 9),), {}, {"x": {1: torch.export.Dim("length", min=4)}}
