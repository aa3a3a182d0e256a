"""A branch on odd sizes."""

import torch
from torch.nn import functional as F


class Net(torch.nn.Module):
    def forward(self, x):
        if x.shape[1] % 2:  # expect: DX105
            x = F.pad(x, (0, 0, 0, 1))
        return x * 2


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
