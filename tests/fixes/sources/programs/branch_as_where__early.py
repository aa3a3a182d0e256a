"""An early return in front of more code, with a pair of results."""

import torch as th


class Net(th.nn.Module):
    def forward(self, x):
        level = x.abs().max()
        if level.item() > 1:  # expect: DX101
            return x / level, level
        # quiet
        x = x + 1
        level = level * 2
        return x, level


def build():
    return Net(), (th.rand(2, 3),)
