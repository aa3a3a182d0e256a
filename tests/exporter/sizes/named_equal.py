"""Two names for what has to be one size."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y  # expect: DX126


def build():
    return Net(), (torch.rand(3, 4), torch.rand(3, 4)), {}, {"x": {0: "rows"}, "y": {0: "others"}}
