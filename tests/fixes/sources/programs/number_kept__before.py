"""A number is taken out of a tensor, and decides later with something that Python knows."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.threshold = 0.5

    def forward(self, x, flag=None):
        score = x.mean().item()
        if score > self.threshold and flag is None:  # expect: DX101
            out = self.layer(x)
        elif score > 0.1:
            out = x
        else:
            out = torch.zeros_like(x)
        return out


def build():
    torch.manual_seed(0)
    return Net().eval(), (torch.rand(3, 4),)
