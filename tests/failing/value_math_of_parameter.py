"""A learned temperature goes through the `math` module (pytorch/pytorch#116336)."""

import math

import torch
from torch import nn


class Similarity(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, image, text):
        scale = math.exp(self.log_scale)  # expect: DX102
        return scale * image @ text.T


def build():
    return Similarity(), (torch.rand(2, 4), torch.rand(3, 4))
