"""A tensor subclass of boxes that checks itself; masks pick boxes for a resize."""

import torch
from torch import nn


class Boxes(torch.Tensor):
    def area(self):
        return (self[:, 2] - self[:, 0]) * (self[:, 3] - self[:, 1])


class Roi(nn.Module):
    def forward(self, boxes, image):
        areas = boxes.as_subclass(Boxes).area()  # expect: DX110
        kept = boxes[areas > 0.1]
        if len(kept) > 0:  # expect: DX101
            image = image * areas.max()
        return image


def build():
    boxes = torch.tensor([[0.1, 0.1, 0.8, 0.9], [0.2, 0.2, 0.21, 0.3]])
    return Roi().eval(), (boxes, torch.randn(1, 1, 8, 8))
