import torch
from torch import nn


class Net(nn.Module):
    calls = 0

    def forward(self, x):
        Net.calls += 1  # expect: DX115
        return x + Net.calls


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
