import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, alpha: float = 1.0):
        return x * alpha


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
