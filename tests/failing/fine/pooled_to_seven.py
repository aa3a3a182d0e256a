"""Pooling to a size that does not divide the input (pytorch/pytorch#109370)."""

import torch


class Pool(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = torch.nn.AdaptiveAvgPool2d((7, 7))

    def forward(self, x):
        return self.pool(x)


def build():
    return Pool(), (torch.rand(1, 3, 12, 12),)
