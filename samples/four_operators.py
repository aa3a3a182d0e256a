"""Fails: four operators without an ONNX function, all named in one run, each on its own line."""

import torch
from torch import nn


class Statistics(nn.Module):
    """A spectrum, its commonest bins, and their smoothed levels."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(16, 8)

    def forward(self, signal: torch.Tensor) -> tuple[torch.Tensor, ...]:
        levels = torch.sigmoid(self.project(signal))
        window = torch.special.i1(levels)  # expect: DX301
        commonest = torch.mode(levels.round(), dim=-1).values  # expect: DX301
        spread = torch.linalg.svdvals(levels)  # expect: DX203
        median = torch.nanmedian(levels, dim=-1).values  # expect: DX301
        return torch.relu(window), commonest, spread, median


def build():
    torch.manual_seed(0)
    return Statistics(), (torch.randn(4, 16),)
