"""Padding that is only done for some sizes."""

import torch
from torch.nn import functional as F


class Net(torch.nn.Module):
    def forward(self, x):
        missing = (4 - x.shape[1] % 4) % 4
        if missing > 0:  # expect: DX105
            x = F.pad(x, (0, missing))
        return x.view(x.shape[0], -1, 4).sum(-1)


def build():
    return Net(), (torch.rand(2, 6),), {}, {"x": {0: "batch", 1: "length"}}
