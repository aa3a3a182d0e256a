"""An image is warped by a field and by an affine map, near its borders too (pytorch/pytorch#27212)."""

import torch
import torch.nn.functional as F


class Warp(torch.nn.Module):
    def forward(self, image, field, theta):
        moved = F.grid_sample(image, field, mode="bilinear", padding_mode="border", align_corners=True)
        grid = F.affine_grid(theta, list(image.shape), align_corners=False)
        turned = F.grid_sample(image, grid, mode="nearest", padding_mode="zeros", align_corners=False)
        return moved, F.interpolate(turned, scale_factor=1.5, mode="nearest")


def build():
    theta = torch.tensor([[[0.9, 0.1, 0.05], [-0.1, 0.9, 0.02]]])
    return Warp(), (torch.rand(1, 2, 6, 6), torch.rand(1, 4, 5, 2) * 2 - 1, theta)
