"""Outputs that are inputs, views of them, and parameters (microsoft/onnxruntime#26339)."""

import torch


class Through(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.rand(3))

    def forward(self, x, y):
        return x, y.t(), y[0], self.bias, x


def build():
    return Through(), (torch.rand(2, 3), torch.rand(3, 2))
