"""A skip connection needs an even size."""

import torch
from torch import nn
from torch.export import Dim


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.d = nn.Conv2d(3, 4, 2, 2)
        self.u = nn.ConvTranspose2d(4, 4, 2, 2)

    def forward(self, x):
        y = self.d(x)
        y = self.u(y)
        return torch.cat([x, y], 1)  # expect: DX125, DX125


def build():
    return Net(), (torch.rand(1, 3, 8, 12),), {}, {"x": {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}}
