"""Pooling into regions that are drawn at random, which ONNX cannot say (pytorch/pytorch#124884)."""

import torch


class Shrink(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.pool = torch.nn.FractionalMaxPool2d(2, output_size=5)

    def forward(self, image):
        return self.pool(self.conv(image).relu())  # expect: DX301


def build():
    return Shrink().eval(), (torch.rand(1, 3, 9, 9),)
