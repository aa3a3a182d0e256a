"""Both sides set the same names."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.mean() > 0.2 and not x.isnan().any():  # expect: DX101
            y = x * 2  # louder
            gain = 2
        else:
            y = x - 1
            gain = 1
        return y * gain


def build():
    return Net(), (torch.rand(2, 3),)
