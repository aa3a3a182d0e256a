"""A size decides which way to go, and the dim was declared without bounds."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        if x.shape[1] > 16:  # expect: DX105
            return x[:, :16]
        return x


def build():
    return Net(), (torch.rand(2, 6),), {}, {"x": {1: Dim("seq")}}
