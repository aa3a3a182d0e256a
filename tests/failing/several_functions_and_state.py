"""An ONNX function that raises, an operator without one, and a buffer that is written (pytorch/pytorch#135403)."""

import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("several_functions_and_state::scale", mutates_args=())
def scale(x: torch.Tensor, factor: float) -> torch.Tensor:
    return x * factor


@scale.register_fake
def _(x, factor):
    return torch.empty_like(x)


def scale_onnx(x, factor: float):
    return op.Mul(x, FACTORS[factor])


FACTORS = {1.0: 1.0}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("peak", torch.zeros(()))

    def forward(self, x):
        self.peak.copy_(x.max())  # expect: DX413
        x = scale(x, 2.0)  # expect: DX411
        return torch.linalg.qr(x).Q * self.peak  # expect: DX301


def build():
    registry = OnnxRegistry().with_op("several_functions_and_state::scale", scale_onnx)
    return ExportTarget(Net(), (torch.rand(4, 3),), registry=registry)
