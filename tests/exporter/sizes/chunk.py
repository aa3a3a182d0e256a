"""Two halves that are added need an even size."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        return a + b  # expect: DX125


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
