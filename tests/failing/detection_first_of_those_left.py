"""The boxes above a threshold are taken apart, however many there are (open-edge-platform/geti#5073)."""

import torch


class Best(torch.nn.Module):
    def forward(self, boxes, scores):
        left = boxes[scores > 0.3]
        first, second = left.unbind(0)  # expect: DX103
        return first - second


def build():
    return Best(), (torch.rand(4, 4), torch.tensor([0.1, 0.9, 0.2, 0.8]))
