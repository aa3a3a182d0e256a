"""Modules hold each other two hundred deep: Python can run them, but not capture them (pytorch/pytorch#186993)."""

# runs: onnxdx export {program}:build

import torch


class Nest(torch.nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.inner = Nest(depth - 1) if depth else torch.nn.Identity()

    def forward(self, x):
        return self.inner(x) + 1  # expect: DX110


def build():
    return Nest(200), (torch.rand(2),)
