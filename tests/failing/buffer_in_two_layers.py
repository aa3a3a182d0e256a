"""Each layer follows the mean of what it sees (pytorch/pytorch#114406)."""

import torch
from torch import nn


class Centre(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        self.mean.lerp_(x.mean(0), 0.1)  # expect: DX413
        return x - self.mean


def build():
    return nn.Sequential(Centre(), nn.ReLU(), Centre()), (torch.rand(3, 4),)
