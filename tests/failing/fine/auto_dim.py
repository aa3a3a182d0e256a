"""A dim that torch may decide about."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x.view(3, -1)


def build():
    return Net(), (torch.rand(3, 4),), {}, ({0: Dim.AUTO, 1: Dim.AUTO},)
