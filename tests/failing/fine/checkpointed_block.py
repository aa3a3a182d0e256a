"""Activation checkpointing around a block (pytorch/pytorch#61813)."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, x):
        return checkpoint(self.block, x, use_reentrant=False) + x


def build():
    return Net().eval(), (torch.rand(2, 4),)
