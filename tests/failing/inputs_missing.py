"""An input is missing."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y


def build():  # expect: DX116
    return Net(), (torch.rand(2),)
