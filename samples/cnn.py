"""Exports clean: a small convolutional network with a dynamic batch."""

import torch
from torch import nn


class Block(nn.Module):
    """Two convolutions around which the input is added back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(x + self.second_norm(self.second(y)))


class Classifier(nn.Module):
    """An image to ten scores."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 7, stride=2, padding=3)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.blocks = nn.Sequential(Block(16), Block(16))
        self.head = nn.Linear(16, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features = self.blocks(self.pool(torch.relu(self.stem(image))))
        return self.head(features.mean(dim=(2, 3)))


def build():
    torch.manual_seed(0)
    return Classifier(), (torch.randn(2, 3, 64, 64),), {}, {"image": {0: "batch"}}
