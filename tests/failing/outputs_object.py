"""An object of the user's own as output."""

import torch


class Boxes:
    def __init__(self, corners):
        self.corners = corners


class Net(torch.nn.Module):
    def forward(self, x):
        return Boxes(x * 2)  # expect: DX109


def build():
    return Net(), (torch.rand(2, 4),)
