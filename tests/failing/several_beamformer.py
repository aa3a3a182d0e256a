"""A decision, a matrix inverse and a fixed number of channels in one front end (pytorch/pytorch#136622)."""

import torch
from torch import nn


class FrontEnd(nn.Module):
    def __init__(self):
        super().__init__()
        self.window = nn.Parameter(torch.rand(6))

    def forward(self, x):
        if x.abs().max() > 1:  # expect: DX101
            x = x / 2
        x = x * self.window  # expect: DX104
        noise = x.transpose(1, 2) @ x + torch.eye(x.shape[2])
        return x @ torch.linalg.inv(noise)  # expect: DX203


def build():
    return FrontEnd(), (torch.rand(2, 4, 6),), {}, {"x": {0: "batch", 2: "channels"}}
