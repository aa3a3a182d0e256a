"""An iteration until the values are small."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        while x.abs().max() > 0.1:  # expect: DX101
            x = x / 2
        return x


def build():
    return Net(), (torch.rand(2, 3),)
