"""Exports clean with `--functions modules`: three equal layers of a network become three calls of one ONNX function."""

import torch
from torch import nn


class Gate(nn.Module):
    """Lets a part of every feature through, which the features themselves decide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.score(x))


class Layer(nn.Module):
    """A gated mixture of features, added to its input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.gate = Gate(width)
        self.mix = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.mix(self.gate(self.norm(x)))


class Encoder(nn.Module):
    """Features to a score, through three layers."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(Layer(width) for _ in range(3)))
        self.score = nn.Linear(width, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.score(self.layers(features))


def build():
    torch.manual_seed(0)
    return Encoder(), (torch.randn(4, 16),), {}, {"features": {0: "batch"}}
