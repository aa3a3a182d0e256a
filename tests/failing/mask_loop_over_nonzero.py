"""A loop over the rows of `nonzero`."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        total = torch.zeros(1)
        for index in torch.nonzero(x > 0.5):  # expect: DX102
            total = total + x[index]
        return total


def build():
    return Net(), (torch.tensor([0.2, 0.7, 0.9]),)
