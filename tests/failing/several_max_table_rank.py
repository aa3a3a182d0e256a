"""A decision, a number with a way out and an operator without ONNX function (onnx/onnx#3586)."""

import torch


class Robust(torch.nn.Module):
    def forward(self, x):
        centre = max(x.mean(), x.median())
        rest = torch.special.bessel_y0(x.abs() + centre)  # expect: DX301
        if rest.isnan().any():  # expect: DX101
            rest = torch.zeros_like(rest)
        return rest


def build():
    return Robust(), (torch.rand(2, 4) + 0.5,)
