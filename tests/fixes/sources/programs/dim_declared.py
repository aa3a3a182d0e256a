"""Pairs need an even size; the limits of the dim are kept."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x.view(-1, 2).sum(1)  # expect: DX105


def build():
    return Net(), (torch.rand(6),), {}, {"x": {0: Dim("rows", min=4, max=100)}}
