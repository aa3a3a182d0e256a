"""A model in float64: ONNX Runtime has no such kernel (pytorch/pytorch#169178)."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 3, 3, dtype=torch.float64)

    def forward(self, x):
        x = x.double()
        return self.conv(x)  # expect: DX602


def build():
    return Net(), (torch.rand(1, 2, 8),)
