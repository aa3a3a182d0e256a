"""The name under which the ONNX function is registered has a typo (pytorch/pytorch#104700)."""

import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("customop_misspelled::swish", mutates_args=())
def swish(x: torch.Tensor) -> torch.Tensor:
    return x * x.sigmoid()


@swish.register_fake
def _(x):
    return torch.empty_like(x)


def swish_onnx(x):
    return op.Mul(x, op.Sigmoid(x))


class Net(torch.nn.Module):
    def forward(self, x):
        return swish(x)  # expect: DX301


def build():
    registry = OnnxRegistry().with_op("customop_misspelled::swich", swish_onnx)  # expect: DX310
    return ExportTarget(Net(), (torch.rand(4),), registry=registry)
