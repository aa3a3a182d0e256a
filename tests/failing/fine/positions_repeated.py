"""Positions are made for the length and repeated for the batch (pytorch/pytorch#62936)."""

import torch


class Positions(torch.nn.Module):
    def forward(self, x):
        length, _, width = x.shape
        table = torch.zeros(length, width)
        place = torch.arange(0, length).unsqueeze(1)
        scale = 100 ** -(torch.arange(0, width, 2) / width)
        table[:, 0::2] = torch.sin(place * scale)
        table[:, 1::2] = torch.cos(place * scale)
        table = table.unsqueeze(1).repeat_interleave(x.size(1), 1)
        return x + table, table


def build():
    return Positions(), (torch.rand(7, 3, 6),), {}, {"x": {0: "length", 1: "batch"}}
