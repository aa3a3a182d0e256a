"""`F.dropout` is on by default, also in a model that is set to `eval()` (pytorch/pytorch#78309)."""

import torch
import torch.nn.functional as F


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        return F.dropout(self.linear(x), 0.2)  # expect: DX117


def build():
    return Net().eval(), (torch.rand(2, 4),)
