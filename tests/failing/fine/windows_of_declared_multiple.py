"""Windows of four rows, and a height that was declared as four times something (pytorch/pytorch#144852)."""

import torch
from torch.export import Dim


class Windows(torch.nn.Module):
    def forward(self, image):
        batch, height, width = image.shape
        return image.view(batch, height // 4, 4, width).mean(2)


def build():
    return Windows(), (torch.rand(2, 8, 6),), {}, {"image": {1: 4 * Dim("rows")}}
