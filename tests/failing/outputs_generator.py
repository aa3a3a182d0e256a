"""A backbone that yields its stages one by one."""

import torch
from torch import nn


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList(nn.Conv2d(3, 3, 3, stride=2, padding=1) for _ in range(3))

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
            yield x  # expect: DX109


def build():
    return Backbone().eval(), (torch.randn(1, 3, 16, 16),)
