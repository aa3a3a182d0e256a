"""A chain of `elif`, a number against a tensor, and a limit on both sides."""

import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        if x.sum() > 4:  # expect: DX101
            scale = x.max()
        elif 0 < x.sum() < 2:  # expect: DX101
            scale = 2.0
        else:
            scale = x.min()
        return x * scale


def build():
    return Net(), (torch.rand(2, 3),)
