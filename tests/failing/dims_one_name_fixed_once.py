"""Two inputs of one length, which a table fixes for both (pytorch/pytorch#152018)."""

import torch


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x, mask):
        kept = x * mask[..., None]
        return kept + self.table  # expect: DX104


def build():
    shapes = {"x": {0: "batch", 1: "time"}, "mask": {0: "batch", 1: "time"}}
    return Positions(), (torch.rand(2, 6, 4), torch.ones(2, 6)), {}, shapes
