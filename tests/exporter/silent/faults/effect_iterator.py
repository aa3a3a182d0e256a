import itertools

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = itertools.count(1)

    def forward(self, x):
        return x * next(self.count)  # expect: DX115


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
