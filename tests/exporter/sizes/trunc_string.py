"""A cut that works for every size."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x[:, :4] * 2


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
