"""A check of the user's own."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        assert x.shape[1] % 2 == 0
        return x.view(x.shape[0], -1, 2, 4)


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
