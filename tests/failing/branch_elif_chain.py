"""A gain in three steps: both conditions ask for values (pytorch/pytorch#117685)."""

import torch


class Gain(torch.nn.Module):
    def forward(self, x):
        level = x.abs().mean()
        if level > 10:  # expect: DX101
            return x / 10
        elif level < 0.001:  # expect: DX101
            return x * 10
        return x


def build():
    return Gain(), (torch.rand(4) + 0.1,)
