"""A module as input of a model that decides by values: that input is no fault (pytorch/pytorch#147326)."""

import torch
from torch import nn


class Cache(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.rand(3, 4))


class Attend(nn.Module):
    def forward(self, x, cache):
        if x.sum() > 0:  # expect: DX101
            x = x + 1
        return torch.lgamma(x @ cache.keys.T)  # expect: DX301


def build():
    return Attend(), (torch.rand(2, 4), Cache())
