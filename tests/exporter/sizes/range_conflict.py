"""A declared range that the table of positions does not hold."""

import torch
from torch import nn
from torch.export import Dim


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pos = nn.Parameter(torch.rand(32, 4))

    def forward(self, x):
        return x + self.pos[: x.shape[1]]  # expect: DX105


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: Dim.DYNAMIC(min=2, max=64)}}
