"""The selected points are the pixels of a square, as large as there are points (pytorch/pytorch#140421)."""

import torch


class Crop(torch.nn.Module):
    def forward(self, x, mask):
        kept = x[mask]
        side = int(kept.shape[0] ** 0.5)
        return kept.reshape(side, side)


def build():
    return Crop(), (torch.rand(6), torch.tensor([True, True, False, True, False, True]))
