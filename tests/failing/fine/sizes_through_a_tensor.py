"""Sizes go through a tensor on their way to the next operator (pytorch/pytorch#107591)."""

import torch
import torch.nn.functional as F


class Larger(torch.nn.Module):
    def forward(self, x):
        size = torch.tensor(x.shape[2:]) * 2
        return F.interpolate(x, size=size.tolist(), mode="nearest")


def build():
    return Larger(), (torch.rand(1, 2, 3, 4),)
