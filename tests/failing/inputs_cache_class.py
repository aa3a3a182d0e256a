"""A cache of the user's own class as input (pytorch/pytorch#136582)."""

import torch


class KeyCache:  # expect: DX108
    def __init__(self, keys):
        self.keys = keys

    def update(self, key):
        return torch.cat([self.keys, key], dim=1)


class Attend(torch.nn.Module):
    def forward(self, x, cache):
        return x @ cache.update(x).transpose(1, 2)


def build():
    return Attend(), (torch.rand(1, 2, 4), KeyCache(torch.rand(1, 3, 4)))
