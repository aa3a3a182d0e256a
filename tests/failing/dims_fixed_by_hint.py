"""The same with hints in place of names."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x.view(3, -1) + y.view(3, -1)  # expect: DX104


def build():
    return Net(), (torch.rand(3, 4), torch.rand(3, 4)), {}, ({0: Dim.DYNAMIC}, None)
