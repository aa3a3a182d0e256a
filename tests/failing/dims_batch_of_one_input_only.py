"""Two inputs of one batch, of which only one is declared to have it."""

import torch
from torch import nn
from torch.export import Dim


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 4)

    def forward(self, query, memory):
        return self.project(query) @ memory.transpose(1, 2)  # expect: DX104


def build():
    batch = Dim("batch")
    return Matcher(), (torch.randn(2, 3, 4), torch.randn(2, 5, 4)), {}, ({0: batch}, {1: Dim("slots")})
