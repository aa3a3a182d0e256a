"""A table has one length; the batch stays dynamic."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x):
        return x + self.table  # expect: DX104


def build():
    shapes = {"x": {0: "batch", 1: "time"}}
    return Net(), (torch.rand(2, 6, 4),), {}, shapes
