"""Minus one for a dynamic dim, as TensorRT writes it (pytorch/pytorch#149065)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x * 2


def build():  # expect: DX107
    return Net(), (torch.rand(2, 3),), {}, {"x": {0: -1}}
