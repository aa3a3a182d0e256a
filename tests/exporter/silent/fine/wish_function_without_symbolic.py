import torch
from torch import nn


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


class Net(nn.Module):
    def forward(self, x):
        return Round.apply(x) + 1


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
