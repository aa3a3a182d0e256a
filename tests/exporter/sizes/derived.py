"""A declared multiple."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x.view(-1, 2, 4).sum(1)


def build():
    half = Dim("half")
    return Net(), (torch.rand(6, 4),), {}, {"x": {0: 2 * half}}
