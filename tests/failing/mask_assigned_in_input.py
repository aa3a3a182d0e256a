"""Some entries of the input are set to zero, in the input (pytorch/pytorch#126856)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, mask):
        x[mask] = 0  # expect: DX414
        return x.sum(-1)


def build():
    return Net(), (torch.rand(3, 3), torch.eye(3, dtype=torch.bool))
