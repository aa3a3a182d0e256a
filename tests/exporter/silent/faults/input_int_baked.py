import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, count: int):  # expect: DX118
        return x.repeat(1, count)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3), 2)
