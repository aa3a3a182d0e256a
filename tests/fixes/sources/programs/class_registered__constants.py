"""A class that holds a number beside its tensors, and a tensor that is not there."""

import torch


class State:  # expect: DX108
    def __init__(self, hidden, cell=None, step=0):
        self.hidden, self.cell, self.step = hidden, cell, step


class Net(torch.nn.Module):
    def forward(self, x, state):
        return torch.tanh(x + state.hidden)


def build():
    return Net(), (torch.rand(2, 3), State(torch.rand(2, 3)))
