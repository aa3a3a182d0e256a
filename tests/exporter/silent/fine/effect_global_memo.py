import torch
from torch import nn

MEMO = {}


def positions(n):
    if n not in MEMO:
        MEMO[n] = torch.arange(n).float()
    return MEMO[n]


class Net(nn.Module):
    def forward(self, x):
        return x + positions(x.shape[1])


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
