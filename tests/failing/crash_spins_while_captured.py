"""A search ends at once in eager, and never while it is captured."""

# runs: onnxdx export {program}:build --timeout 6

import itertools

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        any(not torch.compiler.is_exporting() for _ in itertools.repeat(x))  # expect: DX801
        return x * 2


def build():
    return Net(), (torch.rand(2),)
