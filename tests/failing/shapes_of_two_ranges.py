"""One dim under one name with two ranges that have no size in common (pytorch/pytorch#144852)."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y


def build():  # expect: DX107
    shapes = {"x": {0: Dim("batch", min=2, max=4)}, "y": {0: Dim("batch", min=8, max=16)}}
    return Net(), (torch.rand(3, 2), torch.rand(3, 2)), {}, shapes
