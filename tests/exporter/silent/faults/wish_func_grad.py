import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return torch.func.grad(lambda v: (v**3).sum())(x)  # expect: DX129


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
