"""The input is written, and an ONNX function of the user's own gives wrong numbers (pytorch/pytorch#135403)."""

import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("several_written_and_wrong::soften", mutates_args=())
def soften(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.softplus(x)


@soften.register_fake
def _(x):
    return torch.empty_like(x)


def soften_onnx(x):
    return op.Softsign(x)


class Net(torch.nn.Module):
    def forward(self, x):
        x[:, 0] = 0  # expect: DX414
        return soften(x)  # expect: DX601


def build():
    registry = OnnxRegistry().with_op("several_written_and_wrong::soften", soften_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
