"""A batch of one as the sample of a dynamic batch (pytorch/pytorch#149065)."""

import torch
from torch import nn
from torch.export import Dim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        return self.head(self.conv(images).mean((2, 3)))


def build():  # expect: DX104
    batch = Dim("batch", min=1, max=16)
    return Net(), (torch.rand(1, 3, 8, 8),), {}, ({0: batch},)
