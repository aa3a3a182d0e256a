"""The ONNX function of a custom operator asks for a value (pytorch/pytorch#135403)."""

import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("customop_function_branches::limit", mutates_args=())
def limit(x: torch.Tensor) -> torch.Tensor:
    return x / x.abs().max().clamp(min=1)


@limit.register_fake
def _(x):
    return torch.empty_like(x)


def limit_onnx(x):
    peak = op.ReduceMax(op.Abs(x), keepdims=0)
    if peak > 1:
        return op.Div(x, peak)
    return op.Identity(x)


class Net(torch.nn.Module):
    def forward(self, x):
        return limit(x * 3)  # expect: DX411


def build():
    registry = OnnxRegistry().with_op("customop_function_branches::limit", limit_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
