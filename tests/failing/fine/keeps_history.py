"""The model keeps what it saw, in a list of its own."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.history = []

    def forward(self, x):
        self.history.append(x)
        self.last = x * 2
        return self.last + 1


def build():
    return Net(), (torch.rand(2),)
