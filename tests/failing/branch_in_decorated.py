"""The decision stands behind a decorator of the user's own."""

import functools

import torch


def traced(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


class Net(torch.nn.Module):
    @traced
    def scale(self, x):
        while x.norm() > 1:  # expect: DX101
            x = x / 2
        return x

    def forward(self, x):
        return self.scale(x) + 1


def build():
    return Net(), (torch.rand(2, 3) * 4,)
