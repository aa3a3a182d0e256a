"""Each row of a dynamic batch goes through the model alone (pytorch/pytorch#134137)."""

import torch


class Rows(torch.nn.Module):
    def forward(self, x):
        return torch.stack([row / row.norm() for row in x])  # expect: DX104


def build():
    return Rows(), (torch.rand(3, 4),), {}, {"x": {0: "rows"}}
