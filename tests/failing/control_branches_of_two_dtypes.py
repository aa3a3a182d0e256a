"""The sides of `torch.cond` return tensors of different dtypes (pytorch/pytorch#98909)."""

import torch


class Choose(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x > 0, (x,))  # expect: DX120


def build():
    return Choose(), (torch.rand(4),)
