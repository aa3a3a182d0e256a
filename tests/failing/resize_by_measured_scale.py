"""An image is brought to a height that is computed from its content (pytorch/pytorch#124884)."""

import torch
import torch.nn.functional as F


class Normalise(torch.nn.Module):
    def forward(self, image, wanted):
        factor = float(wanted) / image.shape[-1]  # expect: DX102
        return F.interpolate(image, scale_factor=factor, mode="bilinear")


def build():
    return Normalise(), (torch.rand(1, 3, 8, 8), torch.tensor(16))
