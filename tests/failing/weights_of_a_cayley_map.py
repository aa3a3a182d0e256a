"""A parametrisation of one's own solves a linear system for the weight (pytorch/pytorch#27723)."""

import torch
from torch.nn.utils import parametrize


class Cayley(torch.nn.Module):
    def forward(self, weight):
        skew = weight.triu(1) - weight.triu(1).mT
        unit = torch.eye(weight.shape[0])
        return torch.linalg.solve(unit + skew, unit - skew)  # expect: DX203


class Rotate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turn = torch.nn.Linear(4, 4, bias=False)
        parametrize.register_parametrization(self.turn, "weight", Cayley())

    def forward(self, x):
        return self.turn(x)


def build():
    torch.manual_seed(0)
    return Rotate().eval(), (torch.rand(2, 4),)
