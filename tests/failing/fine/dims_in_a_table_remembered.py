"""A table of positions is remembered for each length by `lru_cache`."""

import functools

import torch


@functools.lru_cache(maxsize=8)
def table(length):
    steps = torch.arange(length, dtype=torch.float32)
    return torch.stack([steps.sin(), steps.cos()], -1)


class Positions(torch.nn.Module):
    def forward(self, x):
        return x + table(x.shape[1])


def build():
    return Positions(), (torch.rand(2, 5, 2),), {}, {"x": {1: torch.export.Dim("length", max=64)}}
