"""The address of a tensor."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x + x.data_ptr() % 2  # expect: DX110


def build():
    return Net(), (torch.rand(2),)
