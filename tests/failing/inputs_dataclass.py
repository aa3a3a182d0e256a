"""A dataclass as input that nobody registered (pytorch/pytorch#147400)."""

from dataclasses import dataclass

import torch


@dataclass  # expect: DX108
class Batch:
    x: torch.Tensor
    y: torch.Tensor


class Net(torch.nn.Module):
    def forward(self, batch):
        return batch.x + batch.y


def build():
    return Net(), (Batch(torch.rand(2), torch.rand(2)),)
