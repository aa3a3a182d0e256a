"""A mask is written into the caller's own tensor (pytorch/pytorch#126856)."""

import torch


class Mask(torch.nn.Module):
    def forward(self, x):
        mask = torch.ones((1, 3, 3), dtype=torch.bool)
        x[mask] = 0  # expect: DX414
        return x + 1


def build():
    return Mask(), (torch.randn(1, 3, 3),)
