"""Fails in capture: an early exit decides by the confidence that the first layers computed."""

import torch
from torch import nn


class EarlyExit(nn.Module):
    """A deep classifier that stops after half of its layers when it is sure enough."""

    def __init__(self, width: int = 16, classes: int = 4) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(8, width), nn.ReLU())
        self.early = nn.Linear(width, classes)
        self.second = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.late = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.first(x)
        scores = self.early(hidden).softmax(-1)
        if scores.max() > 0.9:  # expect: DX101
            return scores
        return self.late(self.second(hidden)).softmax(-1)


def build():
    torch.manual_seed(0)
    return EarlyExit().eval(), (torch.randn(3, 8),), {}, {"x": {0: "batch"}}
