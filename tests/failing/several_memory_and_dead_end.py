"""An attribute remembers the last call, and an operator has no ONNX function (pytorch/pytorch#60828)."""

import torch


class Stream(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.level = torch.zeros(3)

    def forward(self, x):
        self.level = 0.9 * self.level + x  # expect: DX415
        return torch.lgamma(self.level + 1)  # expect: DX301


def build():
    return Stream(), (torch.rand(3),)
