"""The declared range leaves out the sample."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x * 2


def build():  # expect: DX107
    return Net(), (torch.rand(6),), {}, {"x": {0: Dim("rows", min=8)}}
