"""A lazy layer that was never run: it has no weights yet; behind it a branch on the values."""

import torch
from torch import nn


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.LazyLinear(3)

    def forward(self, x):
        y = self.head(x.flatten(1))  # expect: DX110
        return y if y.mean() > 0 else -y  # expect: DX101


def build():
    return Lazy().eval(), (torch.randn(2, 4),)
