"""A product in bfloat16, which ONNX Runtime has no kernel for (onnx/onnx#7393)."""

import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.rand(4, 4))

    def forward(self, x):
        weight = self.kernel.to(torch.bfloat16)
        return (x.to(torch.bfloat16) @ weight).float()  # expect: DX602


def build():
    return Cell(), (torch.rand(2, 4),)
