"""The logarithm of the gamma function has no counterpart in ONNX (pytorch/pytorch#116336)."""

import torch


class Poisson(torch.nn.Module):
    def forward(self, rate, count):
        return rate - count * rate.log() + torch.lgamma(count + 1)  # expect: DX301


def build():
    return Poisson(), (torch.rand(4) + 0.5, torch.tensor([0.0, 1.0, 2.0, 3.0]))
