"""A layer keeps a copy of what came in by the `copy` module (pytorch/pytorch#99000, pytorch/pytorch#171977)."""

import copy

import torch


class Residual(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)

    def forward(self, x):
        kept = copy.deepcopy(x)  # expect: DX110
        return self.layer(x) + kept


def build():
    return Residual().eval(), (torch.rand(2, 4),)
