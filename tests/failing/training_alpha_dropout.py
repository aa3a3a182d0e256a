"""Nobody called eval(): dropout and batch norm train on; noise is added while training."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.bn = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)))
        return F.alpha_dropout(self.drop(x), 0.1, training=True)  # expect: DX117


def build():
    return Net().eval(), (torch.randn(2, 2, 9),)
