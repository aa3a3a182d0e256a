"""The ONNX function that the user registers computes something else (pytorch/pytorch#135403)."""

import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("customop_approximated::smooth", mutates_args=())
def smooth(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.gelu(x)


@smooth.register_fake
def _(x):
    return torch.empty_like(x)


def smooth_onnx(x):
    return op.Relu(x)


class Net(torch.nn.Module):
    def forward(self, x):
        x = smooth(x)  # expect: DX601
        return x + 1


def build():
    registry = OnnxRegistry().with_op("customop_approximated::smooth", smooth_onnx)
    return ExportTarget(Net(), (torch.linspace(-1, 1, 6),), registry=registry)
