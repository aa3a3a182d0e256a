"""ONNX functions that return nothing, no tensor, or too many."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


def operator(name):
    @torch.library.custom_op(f"returns::{name}", mutates_args=())
    def body(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)

    body.register_fake(torch.empty_like)
    return body


nothing, text, pair = map(operator, ("nothing", "text", "pair"))


@torch.library.custom_op("returns::bounds", mutates_args=())
def bounds(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.amin(), x.amax()


@bounds.register_fake
def _(x):
    return x.new_empty(()), x.new_empty(())


def without_return(x):
    op.Relu(x)


class Net(torch.nn.Module):
    def forward(self, x):
        y = nothing(x)  # expect: DX412
        y = y + text(x)  # expect: DX412
        y = y + pair(x)  # expect: DX412
        low, high = bounds(x)  # expect: DX412
        return (y - low) / (high - low)


def build():
    registry = (
        OnnxRegistry()
        .with_op("returns::nothing", without_return)
        .with_op("returns::text", lambda x: "relu")
        .with_op("returns::pair", lambda x: (op.Relu(x), x))
        .with_op("returns::bounds", lambda x: [op.ReduceMin(x, keepdims=0)] * 3)
    )
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
