"""A loop with a counter of its own, up to a tensor."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, steps):
        i = 0
        while i < steps:  # expect: DX101
            x = x * 0.9
            i += 1
        return x + 1


def build():
    return Net(), (torch.rand(2, 3), torch.tensor(3))
