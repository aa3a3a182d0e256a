"""The mean of windows of whole numbers: ONNX takes means of floats (pytorch/pytorch#91528)."""

import torch
from torch.nn import functional as F


class Coarse(torch.nn.Module):
    def forward(self, labels):
        return F.avg_pool2d(labels, 2)  # expect: DX304


def build():
    return Coarse(), (torch.randint(0, 9, (1, 1, 4, 4)),)
