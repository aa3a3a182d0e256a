"""The same as an expression."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        y = x * 2 if x.shape[0] > 1 else x * 3  # expect: DX605
        return y + 1


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
