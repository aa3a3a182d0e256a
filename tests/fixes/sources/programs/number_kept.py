"""A number is taken out of a tensor, decides, and scales."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        peak = float(x.abs().max())  # expect: DX102
        if peak > 1:
            x = x / peak
        return x


def build():
    return Net(), (torch.rand(4),)
