"""An assertion about values."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        assert (x >= 0).all() or x.isnan().any(), "negative"  # expect: DX101
        return x.sqrt()


def build():
    return Net(), (torch.rand(2, 3),)
