"""Two operators compute other numbers, each in its own way; what follows them is fine."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("pair::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


@quick_gelu.register_fake
def _(x):
    return torch.empty_like(x)


def without_factor(x):
    return op.Mul(x, op.Sigmoid(x))


class Net(torch.nn.Module):
    def forward(self, x):
        y = quick_gelu(x + 1)  # expect: DX601
        z = quick_gelu(y * 2)  # expect: DX601
        return y.sum(), torch.exp(z), y * z


def build():
    registry = OnnxRegistry().with_op("pair::quick_gelu", without_factor)
    return ExportTarget(Net(), (torch.linspace(-2, 2, 12).view(3, 4),), registry=registry)
