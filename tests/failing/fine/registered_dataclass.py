"""A dataclass that the program registers, as input and output (pytorch/pytorch#147400)."""

from dataclasses import dataclass

import torch


@dataclass
class Batch:
    x: torch.Tensor
    y: torch.Tensor


torch.export.register_dataclass(Batch)


class Net(torch.nn.Module):
    def forward(self, batch):
        return Batch(batch.x + batch.y, batch.x - batch.y)


def build():
    return Net(), (Batch(torch.rand(3), torch.rand(3)),)
