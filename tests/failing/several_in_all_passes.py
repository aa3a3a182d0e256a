"""A decision, a fixed dim, an operator without ONNX function, and a wrong function (pytorch/pytorch#135403)."""

import torch
from onnxscript import opset20 as op
from torch import nn

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("several_in_all_passes::smooth", mutates_args=())
def smooth(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.gelu(x)


@smooth.register_fake
def _(x):
    return torch.empty_like(x)


def smooth_onnx(x):
    return op.Relu(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.rand(6))

    def forward(self, x):
        if x.mean() > 10:  # expect: DX101
            x = x / 10
        gain = smooth(x - 0.5)  # expect: DX601
        spread = torch.polygamma(1, x + 1)  # expect: DX301
        return gain, spread + self.position  # expect: DX104


def build():
    registry = OnnxRegistry().with_op("several_in_all_passes::smooth", smooth_onnx)
    shapes = {"x": {0: "batch", 1: "seq"}}
    return ExportTarget(Net(), (torch.rand(2, 6),), dynamic_shapes=shapes, registry=registry)
