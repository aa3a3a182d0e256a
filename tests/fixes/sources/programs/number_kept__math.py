"""A learned temperature goes through the `math` module."""

import math

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return x * math.exp(self.scale)  # expect: DX102


def build():
    return Net(), (torch.rand(4),)
