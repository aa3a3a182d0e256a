"""A submodule went through TorchScript."""

import warnings

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.head = torch.jit.script(nn.Linear(4, 2))

    def forward(self, x):
        return self.head(x)  # expect: DX114


def build():
    return Net(), (torch.rand(2, 4),)
