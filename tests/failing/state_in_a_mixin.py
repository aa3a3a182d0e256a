"""A base class remembers the input of the call before."""

import torch
from torch import nn


class History:
    last = None

    def remember(self, x):
        previous = self.last if self.last is not None else torch.zeros_like(x)
        self.last = x  # expect: DX415
        return x - previous


class Delta(History, nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)

    def forward(self, x):
        return self.lin(self.remember(x))


def build():
    return Delta().eval(), (torch.randn(2, 4),)
