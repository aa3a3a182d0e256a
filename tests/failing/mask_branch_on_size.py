"""An `if` on how many elements a mask keeps (pytorch/pytorch#150891)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, mask):
        kept = x[mask]
        if kept.shape[0] != x.shape[0]:  # expect: DX101
            kept = kept * 2
        return kept.sum()


def build():
    return Net(), (torch.rand(4), torch.tensor([True, False, True, True]))
