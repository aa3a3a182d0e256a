"""A pyramid returns its levels as a set (pytorch/pytorch#129200)."""

import torch


class Pyramid(torch.nn.Module):
    def forward(self, image):
        half = torch.nn.functional.avg_pool2d(image, 2)
        return {image + 1, half}  # expect: DX109


def build():
    return Pyramid(), (torch.rand(1, 2, 4, 4),)
