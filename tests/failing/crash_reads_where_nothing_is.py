"""A native library reads memory that is not there."""

# runs: onnxdx export {program}:build

import ctypes

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        ctypes.string_at(0)  # expect: DX802
        return x * 2


def build():
    return Net(), (torch.rand(2),)
