"""Boxes are decoded on the grid of an image of open size (pytorch/pytorch#170180)."""

import torch
from torch import nn


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.LeakyReLU(0.1, inplace=True), nn.Conv2d(8, 21, 1))
        self.register_buffer("anchors", torch.tensor([[10.0, 13.0], [16.0, 30.0], [33.0, 23.0]]))

    def forward(self, image):
        found = self.conv(image)
        batch, _, rows, columns = found.shape
        found = found.reshape(batch, 3, 7, rows, columns).permute(0, 1, 3, 4, 2)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centre = (found[..., :2].sigmoid() + torch.stack([x, y], -1)) * (image.shape[2] / rows)
        size = found[..., 2:4].exp() * self.anchors[:, None, None]
        boxes = torch.cat([centre - size / 2, centre + size / 2], -1)
        return boxes.flatten(1, 3), found[..., 4:].sigmoid().flatten(1, 3)


def build():
    shapes = {"image": {0: "batch", 2: "height", 3: "width"}}
    return Head().eval(), (torch.rand(2, 3, 32, 48),), {}, shapes
