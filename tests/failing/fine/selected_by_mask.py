"""What a mask selects is normalised and summed (pytorch/pytorch#114220)."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)

    def forward(self, x, mask):
        return self.norm(x[mask]).sum(0)


def build():
    return Net(), (torch.rand(3, 4), torch.tensor([True, False, True]))
