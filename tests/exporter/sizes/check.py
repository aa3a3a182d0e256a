"""A check by `torch._check`."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        torch._check(x.shape[1] <= 64)
        return x * 2


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
