"""An input that nothing uses."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x * 2


def build():
    return Net(), (torch.rand(2, 6), torch.rand(3)), {}, {"x": {0: "batch"}, "y": {0: "other"}}
