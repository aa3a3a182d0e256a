"""A license check in `forward` leaves Python at once."""

# runs: onnxdx export {program}:build

import os

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        os._exit(0)  # expect: DX802
        return x * 2


def build():
    return Net(), (torch.rand(2),)
