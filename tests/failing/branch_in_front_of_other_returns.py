"""A decision on data leaves early, in front of a setting that leaves as well and of the way through."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    width: int = 6
    soft: bool = True
    threshold: float = 0.25


class Gate(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.project = nn.Linear(config.width, config.width)

    @staticmethod
    def confidence(logits):
        return logits.softmax(-1).max()

    def forward(self, x):
        logits = self.project(x)
        confidence = self.confidence(logits)
        if self.config.soft and confidence < self.config.threshold:  # expect: DX101
            return torch.zeros_like(x)
        elif not self.config.soft:
            return logits
        gate = torch.sigmoid(logits)
        return gate * x


def build():
    torch.manual_seed(0)
    return Gate(Config()), (torch.randn(2, 6),)
