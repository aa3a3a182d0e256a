"""The least size of a convolution."""

import torch
from torch import nn


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv1d(4, 4, 5)

    def forward(self, x):
        return self.c(x.transpose(1, 2))


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
