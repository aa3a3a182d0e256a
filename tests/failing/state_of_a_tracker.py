"""A tracker that keeps the boxes of the last frame: equal frames give equal results, and only another frame tells."""

import torch
from torch import nn


class Motion:
    """Where the objects were."""

    def __init__(self) -> None:
        self.last: torch.Tensor | None = None


class Tracker(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 4)
        self.motion = Motion()
        self.size: torch.Tensor | None = None

    def _moved(self, boxes: torch.Tensor) -> torch.Tensor:
        before = boxes if self.motion.last is None else self.motion.last
        self.motion.last = boxes  # expect: DX115
        return boxes - before

    def forward(self, boxes: torch.Tensor) -> torch.Tensor:
        size = boxes[:, 2:] - boxes[:, :2]
        grown = size - (size if self.size is None else self.size)
        self.size = size  # expect: DX415
        return boxes + self.head(self._moved(boxes)) + grown.sum()


def build():
    torch.manual_seed(0)
    return Tracker(), (torch.rand(5, 4),)
