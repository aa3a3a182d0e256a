"""A copy in another dtype is written to (pytorch/pytorch#131679)."""

import torch


class Doubled(torch.nn.Module):
    def forward(self, x):
        y = x.to(torch.float64, copy=True)
        y.mul_(2)
        return y


def build():
    return Doubled(), (torch.rand(4),)
