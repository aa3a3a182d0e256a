"""Two batches are put side by side, and were declared under two names (pytorch/pytorch#155717)."""

import torch


class Side(torch.nn.Module):
    def forward(self, x, y):
        return torch.cat([x, y], dim=1)  # expect: DX126


def build():
    return Side(), (torch.rand(3, 2), torch.rand(3, 4)), {}, {"x": {0: "left"}, "y": {0: "right"}}
