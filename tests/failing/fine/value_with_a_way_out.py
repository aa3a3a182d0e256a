"""A number is taken out of a tensor, and another one is used when that raises."""

import torch


class Scaled(torch.nn.Module):
    def forward(self, x):
        try:
            count = int((x > 0).sum())
        except Exception:
            count = 1
        return x / count


def build():
    return Scaled(), (torch.rand(2, 3),)
