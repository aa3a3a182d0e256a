"""A weight is kept orthogonal by a matrix exponential, in every call (pytorch/pytorch#27723)."""

import torch
from torch.nn.utils import parametrizations


class Rotate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turn = parametrizations.orthogonal(torch.nn.Linear(4, 4), orthogonal_map="matrix_exp")

    def forward(self, x):
        return self.turn(x)  # expect: DX203


def build():
    torch.manual_seed(0)
    return Rotate().eval(), (torch.rand(2, 4),)
