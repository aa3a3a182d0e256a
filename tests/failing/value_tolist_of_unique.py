"""A loop over the distinct labels (pytorch/pytorch#114483)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, labels):
        total = x.new_zeros(())
        for label in torch.unique(labels).tolist():  # expect: DX102
            total = total + x[labels == label].mean()
        return total


def build():
    return Net(), (torch.rand(6), torch.tensor([0, 1, 1, 2, 0, 2]))
