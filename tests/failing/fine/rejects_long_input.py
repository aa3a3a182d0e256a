"""A check of the size that only raises: eager raises for those sizes too."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.position = torch.nn.Parameter(torch.rand(64, 4))

    def forward(self, x):
        if x.shape[1] > 64:
            raise ValueError("too long")
        return x + self.position[: x.shape[1]]


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
