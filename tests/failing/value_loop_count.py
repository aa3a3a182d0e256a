"""`range()` of a tensor (pytorch/pytorch#127154)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, turns):
        for _ in range(turns):  # expect: DX102
            x = x * 2
        return x


def build():
    return Net(), (torch.rand(3), torch.tensor(3))
