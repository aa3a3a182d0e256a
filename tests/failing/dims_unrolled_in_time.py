"""A recurrent cell in a Python loop over a dynamic number of steps (pytorch/pytorch#133653)."""

import torch
from torch import nn


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 4)

    def forward(self, x):
        state = x.new_zeros(x.shape[0], 4)
        for step in range(x.shape[1]):  # expect: DX104
            state = self.cell(x[:, step], state)
        return state


def build():
    return Recurrent(), (torch.rand(2, 5, 3),), {}, {"x": {1: "steps"}}
