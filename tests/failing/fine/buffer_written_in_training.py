"""A buffer that only training writes (pytorch/pytorch#112256)."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        if self.training:
            self.steps += 1
        return self.norm(x)


def build():
    return Net().eval(), (torch.rand(4, 3),)
