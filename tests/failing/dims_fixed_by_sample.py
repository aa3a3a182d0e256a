"""A sample of size 1 on a dynamic dim (pytorch/pytorch#133653)."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x * 2


def build():  # expect: DX104
    return Net(), (torch.rand(1, 6),), {}, {"x": {0: Dim("batch")}}
