"""A write through a view of a fresh tensor (pytorch/pytorch#95050)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.mask = torch.tensor([True, False])

    def forward(self, x):
        x = x.clone()
        x.view(3, 2).masked_fill_(self.mask.unsqueeze(0), -1.0)
        return x


def build():
    return Net(), (torch.rand(6),)
