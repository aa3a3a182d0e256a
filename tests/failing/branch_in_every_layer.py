"""Equal layers have one fault between them."""

import torch
from torch import nn


class Layer(nn.Module):
    def forward(self, x):
        if x.mean() > 0:  # expect: DX101
            x = x - x.mean()
        return x


def build():
    return nn.Sequential(*(Layer() for _ in range(4))), (torch.rand(2, 3) + 1,)
