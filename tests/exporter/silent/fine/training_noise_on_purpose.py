import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
