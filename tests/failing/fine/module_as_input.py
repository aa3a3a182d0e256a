"""A module as input of another one: its buffers are inputs of the graph (pytorch/pytorch#147326)."""

import torch
from torch import nn


class Cache(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.rand(3, 4))


class Attend(nn.Module):
    def forward(self, x, cache):
        return x @ cache.keys.T


def build():
    return Attend(), (torch.rand(2, 4), Cache())
