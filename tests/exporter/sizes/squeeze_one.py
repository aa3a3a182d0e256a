"""`squeeze()` loses an axis when there is one row."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x.squeeze()  # expect: DX605


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch"}}
