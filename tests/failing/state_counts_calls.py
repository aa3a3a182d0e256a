"""A Python counter makes the model stronger with each call (pytorch/pytorch#130820)."""

import torch


class Warm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1  # expect: DX115
        return x * min(1.0, self.calls / 10)


def build():
    return Warm(), (torch.rand(3),)
