"""A check that no input of this model fails."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        positive = x.exp().sum()
        if positive < 0:  # expect: DX101
            raise ValueError(f"cannot be: {positive}")
        return x / positive


def build():
    return Net(), (torch.rand(2, 3),)
