"""Two names for one size."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        return torch.cat([x, y], dim=1)  # expect: DX126


def build():
    return Net(), (torch.rand(3, 2), torch.rand(3, 4)), {}, {"x": {0: "left"}, "y": {0: "right"}}
