"""A table of positions that is longer than the sample."""

import torch
from torch import nn


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pos = nn.Parameter(torch.rand(32, 4))

    def forward(self, x):
        return x + self.pos[: x.shape[1]]


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
