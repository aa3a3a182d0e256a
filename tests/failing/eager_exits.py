"""The model ends the program."""

import sys

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        sys.exit("no license")  # expect: DX116


def build():
    return Net(), (torch.rand(2),)
