import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, scale: float):  # expect: DX118
        return x * scale


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3), 2.0)
