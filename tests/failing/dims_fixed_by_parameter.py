"""A position embedding of one length fixes a dim that was declared dynamic (pytorch/pytorch#140011)."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.position = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x):
        return x + self.position  # expect: DX104


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: Dim("batch"), 1: Dim("seq")}}
