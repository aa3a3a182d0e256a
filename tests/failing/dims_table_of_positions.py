"""A table of 16 positions, and a sequence that was declared to have up to 64 (pytorch/pytorch#140011)."""

import torch
from torch import nn
from torch.export import Dim


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.rand(16, 4))

    def forward(self, x):
        return x + self.table[: x.size(1)]  # expect: DX105


def build():
    return Positions(), (torch.rand(2, 6, 4),), {}, {"x": {1: Dim("seq", max=64)}}
