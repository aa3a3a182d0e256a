"""Equations with an ellipsis, with a diagonal and with three operands (pytorch/pytorch#26893)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, square):
        mixed = torch.einsum("...i,ij,kj->...k", x, square, square)
        return mixed, torch.einsum("ii->i", square)


def build():
    return Net(), (torch.rand(2, 3, 4), torch.rand(4, 4)), {}, {"x": {0: "batch"}, "square": None}
