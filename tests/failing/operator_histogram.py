"""A histogram with weights of its bins (pytorch/pytorch#74032)."""

import torch


class Equalize(torch.nn.Module):
    def forward(self, x):
        counts, _ = torch.histogram(x, bins=4, range=(0.0, 1.0))  # expect: DX301
        return counts.cumsum(0) / counts.sum()


def build():
    return Equalize(), (torch.rand(10),)
