"""A decision on values, and a dim that is fixed, in one model."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.position = torch.nn.Parameter(torch.rand(6))

    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            x = x + 1
        return x + self.position  # expect: DX104


def build():
    return Net(), (torch.rand(2, 6),), {}, {"x": {0: Dim("batch"), 1: Dim("seq")}}
