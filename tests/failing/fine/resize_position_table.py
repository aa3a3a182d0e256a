"""A table of positions is resized with smoothing to the size of the image (pytorch/pytorch#80033, #128818, #116306)."""

import torch
import torch.nn.functional as F


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.rand(1, 16, 6))

    def forward(self, features):
        grid = self.table.reshape(1, 4, 4, 6).permute(0, 3, 1, 2)
        fine = F.interpolate(grid, size=features.shape[-2:], mode="bicubic", antialias=True)
        rough = F.interpolate(grid, size=features.shape[-2:], mode="bilinear", antialias=True)
        return features + fine, features * rough


def build():
    return Positions(), (torch.rand(1, 6, 7, 5),)
