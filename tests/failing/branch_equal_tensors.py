"""A shortcut when both inputs are the same, decided by `torch.equal` (pytorch/pytorch#145970)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        if torch.equal(x, y):  # expect: DX101
            return x
        return (x + y) / 2


def build():
    return Net(), (torch.rand(3), torch.rand(3))
