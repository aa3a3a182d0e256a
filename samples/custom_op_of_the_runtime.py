"""Exports a custom operator as one that ONNX Runtime has: a fused bias and GELU, as `com.microsoft::BiasGelu`."""

import torch
from torch import nn
from torch.nn import functional as F

from onnxdx import ExportTarget, OnnxDomain, OnnxRegistry

ort = OnnxDomain("com.microsoft")
registry = OnnxRegistry()


@torch.library.custom_op("fused::bias_gelu", mutates_args=())
def bias_gelu(x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """GELU of x + bias, which a fast kernel computes in one pass."""
    return F.gelu(x + bias)


@bias_gelu.register_fake
def _(x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


@registry.op(bias_gelu)
def bias_gelu_onnx(x, bias):
    """The same operator under its name in ONNX Runtime."""
    return ort.BiasGelu(x, bias)


class FeedForward(nn.Module):
    """The two-layer network of a transformer block."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.bias = nn.Parameter(torch.randn(4 * width))
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(bias_gelu(self.up(x), self.bias))


def build():
    torch.manual_seed(0)
    batch = torch.export.Dim("batch")
    return ExportTarget(FeedForward(), (torch.randn(4, 16),), {}, {"x": {0: batch}}, registry)
