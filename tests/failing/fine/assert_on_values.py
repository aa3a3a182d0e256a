"""An `assert` on values, which strict mode keeps as an operator of the graph."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        assert torch.isfinite(x).all()
        return x * 2


def build():
    return Net(), (torch.rand(2, 3),)
