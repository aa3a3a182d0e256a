"""An ONNX function of one's own computes something else, and the input is written to (pytorch/pytorch#186080)."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("corpus_several::soft_sign", mutates_args=())
def soft_sign(x: torch.Tensor) -> torch.Tensor:
    return x / (1 + x.abs())


@soft_sign.register_fake
def _(x):
    return torch.empty_like(x)


def soft_sign_onnx(x):
    return op.Tanh(x)


class Net(torch.nn.Module):
    def forward(self, x):
        x.add_(0.5)  # expect: DX414
        return soft_sign(x) * 2  # expect: DX601


def build():
    registry = OnnxRegistry().with_op("corpus_several::soft_sign", soft_sign_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
