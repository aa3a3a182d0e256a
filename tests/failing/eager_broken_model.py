"""The shapes do not fit, exported or not."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(x.relu())  # expect: DX116


def build():
    return Net(), (torch.rand(2, 3),)
