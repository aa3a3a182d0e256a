"""A recursive block has lost its end."""

# runs: onnxdx export {program}:build

import torch


class Net(torch.nn.Module):
    def halve(self, x):
        return self.halve(x / 2)  # expect: DX116

    def forward(self, x):
        return self.halve(x)


def build():
    return Net(), (torch.rand(2),)
