"""A function with an `if` on values is mapped over a batch, which torch refuses anywhere (pytorch/pytorch#109025)."""

import torch


def relu(value):
    if value > 0:  # expect: DX116
        return value
    return value * 0.1


class Mapped(torch.nn.Module):
    def forward(self, x):
        return torch.vmap(relu)(x)


def build():
    return Mapped(), (torch.rand(4) - 0.5,)
