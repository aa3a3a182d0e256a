"""Exports with wrong numbers: a user's ONNX function is an approximation of the operator that it stands for."""

import torch
from onnxscript import opset18 as op
from torch import nn
from torch.nn import functional as F

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("kernels::gelu", mutates_args=())
def gelu(x: torch.Tensor) -> torch.Tensor:
    """The exact GELU, as a fast kernel computes it."""
    return F.gelu(x)


@gelu.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


def gelu_onnx(x):
    """The fault: this is the approximation by a sigmoid, up to 0.02 away from the exact one."""
    return op.Mul(x, op.Sigmoid(op.Mul(x, 1.702)))


class FeedForward(nn.Module):
    """The two-layer network of a transformer block."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = gelu(self.up(self.norm(x)))  # expect: DX601
        return x + self.down(hidden)


def build():
    torch.manual_seed(0)
    registry = OnnxRegistry().with_op("kernels::gelu", gelu_onnx)
    return ExportTarget(FeedForward(), (torch.randn(4, 16),), registry=registry)
