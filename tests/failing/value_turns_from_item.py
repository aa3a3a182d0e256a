"""Refinement steps are counted by a number from a tensor (pytorch/pytorch#127154)."""

import torch


class Refine(torch.nn.Module):
    def forward(self, x, steps):
        for _ in range(steps.item()):  # expect: DX102
            x = x - 0.1 * x.sin()
        return x


def build():
    return Refine(), (torch.rand(4), torch.tensor(3))
