"""A Python number is passed through `torch.cond` as operand (pytorch/pytorch#98909)."""

import torch


class Scale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = 3

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x, k: x * k, lambda x, k: x - k, (x, self.factor))  # expect: DX120


def build():
    return Scale(), (torch.rand(4),)
