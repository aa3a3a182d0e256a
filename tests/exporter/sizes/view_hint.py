"""The same with a hint in place of a name."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x.view(-1, 2).sum(1)  # expect: DX125


def build():
    return Net(), (torch.rand(6),), {}, {"x": {0: Dim.DYNAMIC}}
