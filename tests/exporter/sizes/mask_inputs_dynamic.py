"""Hints leave it to torch which dims are one."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, ids, mask):
        return ids * mask


def build():
    return (
        Net(),
        (torch.rand(2, 6), torch.rand(2, 6)),
        {},
        {"ids": {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}, "mask": {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}},
    )
