"""One missing operator in three equal layers (pytorch/pytorch#148098)."""

import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(4))

    def forward(self, x):
        return torch.nextafter(x * self.scale, x)  # expect: DX301


def build():
    return nn.Sequential(*(Layer() for _ in range(3))), (torch.rand(2, 4),)
