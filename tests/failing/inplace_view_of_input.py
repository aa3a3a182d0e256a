"""The input is changed through a view of it (pytorch/pytorch#112429)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        x.view(3, 2, -1).add_(2.0)  # expect: DX414
        return x


def build():
    return Net(), (torch.rand(12),)
