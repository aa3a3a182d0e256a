"""Fails twice, and both faults have a proven fix: a decision on data, and an operator of one's own."""

import torch
from torch import nn


@torch.library.custom_op("samples::soft_step", mutates_args=())
def soft_step(x: torch.Tensor, width: float) -> torch.Tensor:
    """A step from 0 to 1, as wide as asked for."""
    return torch.clamp(x / width + 0.5, 0.0, 1.0)


@soft_step.register_fake
def _(x: torch.Tensor, width: float) -> torch.Tensor:
    return torch.empty_like(x)


class Gate(nn.Module):
    """Lets strong signals through, and turns weak ones up before."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(16, 8)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        levels = self.project(signal)
        if levels.abs().max() < 1:  # expect: DX101
            levels = levels * 2
        return levels * soft_step(levels, 0.5)  # expect: DX301


def build():
    torch.manual_seed(0)
    return Gate(), (torch.randn(4, 16),)
