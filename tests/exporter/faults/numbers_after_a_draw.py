"""A model that draws random numbers has no verdict, but what is wrong after the draw is known."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("draw::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


@quick_gelu.register_fake
def _(x):
    return torch.empty_like(x)


def without_factor(x):
    return op.Mul(x, op.Sigmoid(x))


class Net(torch.nn.Module):
    def forward(self, x):
        noisy = x + torch.rand_like(x)
        return quick_gelu(noisy)  # expect: DX601


def build():
    registry = OnnxRegistry().with_op("draw::quick_gelu", without_factor)
    return ExportTarget(Net(), (torch.linspace(-2, 2, 12).view(3, 4),), registry=registry)
