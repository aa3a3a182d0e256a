import torch
from torch import nn


class Round(torch.autograd.Function):
    @staticmethod
    def symbolic(g, x):
        return g.op("Round", x)

    @staticmethod
    def forward(ctx, x):
        return x.round()


class Net(nn.Module):
    def forward(self, x, exact=True):
        return x + 1 if exact else Round.apply(x)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
