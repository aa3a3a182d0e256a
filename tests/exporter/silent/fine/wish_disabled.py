import torch
from torch import nn


@torch.compiler.disable
def act(x):
    return x.relu() * 2


class Net(nn.Module):
    def forward(self, x):
        return act(x) + 1


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
