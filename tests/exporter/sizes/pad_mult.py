"""Padding to a multiple that works for every size."""

import torch
from torch.nn import functional as F


class Net(torch.nn.Module):
    def forward(self, x):
        r = (4 - x.shape[1] % 4) % 4
        x = F.pad(x, (0, 0, 0, r))
        return x.view(x.shape[0], -1, 4, 4).sum(2)


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
