"""A write into a tensor that was expanded: several elements are one in memory (pytorch/pytorch#95050)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        rows = (x * 2).expand(3, 4)
        rows.add_(1)  # expect: DX116
        return rows


def build():
    return Net(), (torch.rand(1, 4),)
