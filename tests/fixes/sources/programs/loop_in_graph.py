"""Turns that a tensor counts, and that pick a row each."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, lengths):
        total = x.new_zeros(3)
        for step in range(int(lengths.max())):  # expect: DX102
            total = total * 0.5 + x[:, step].sum(0)
        return total


def build():
    return Net(), (torch.rand(2, 4, 3), torch.tensor([4, 2]))
