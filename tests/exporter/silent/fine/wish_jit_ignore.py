import torch
from torch import nn


@torch.jit.ignore
def act(x):
    return x.relu() * 2


@torch.jit.unused
def other(x):
    return x.tanh()


class Net(nn.Module):
    def forward(self, x):
        return act(x) + other(x)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
