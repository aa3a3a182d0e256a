"""An `if` on tensor values (pytorch/pytorch#117685)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            return x * 2
        return x


def build():
    return Net(), (torch.rand(2, 3),)
