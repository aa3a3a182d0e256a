"""Two dims were declared, but one follows from the other."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y[1:]  # expect: DX106


def build():
    return Net(), (torch.rand(5), torch.rand(6)), {}, {"x": {0: Dim("short")}, "y": {0: Dim("long")}}
