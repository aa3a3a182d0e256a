"""Behind a decision a mask of two dimensions picks elements, which is no fault of its own (pytorch/pytorch#150891)."""

import torch


class Pairs(torch.nn.Module):
    def forward(self, x):
        if x.max() > 9:  # expect: DX101
            x = x - 1
        above = torch.triu(torch.ones(4, 4), 1).bool()
        return x[:, above], x[x > 0.5].sum()


def build():
    return Pairs(), (torch.rand(2, 4, 4),)
