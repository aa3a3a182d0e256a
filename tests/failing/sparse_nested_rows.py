"""Rows of unequal length in a nested tensor (pytorch/pytorch#149605)."""

import torch


class Pad(torch.nn.Module):
    def forward(self, short, long):
        rows = torch.nested.nested_tensor([short, long])  # expect: DX308
        return rows.to_padded_tensor(0.0) * 2


def build():
    return Pad(), (torch.rand(2, 3), torch.rand(4, 3))
