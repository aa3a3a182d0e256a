"""NumPy multiplies sizes, but none of those that are dynamic (pytorch/pytorch#77410)."""

import numpy as np
import torch


class Flatten(torch.nn.Module):
    def forward(self, image):
        return image.view(image.shape[0], int(np.prod(image.shape[1:])))


def build():
    return Flatten(), (torch.rand(2, 4, 6),), {}, {"image": {0: "batch"}}
