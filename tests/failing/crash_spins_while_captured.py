"""A loop ends in eager, because the number shrinks, and never while it is captured."""

# runs: onnxdx export {program}:build --timeout 6

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turns = 3

    def forward(self, x):
        left = self.turns
        while left > 0:
            left = left - (0 if torch.compiler.is_exporting() else 1)  # expect: DX801
        return x * 2


def build():
    return Net(), (torch.rand(2),)
