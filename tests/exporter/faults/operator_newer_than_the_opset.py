"""The function of an operator calls an ONNX operator that the opset asked for does not have."""

# options: opset_version=18

import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("newer::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


@quick_gelu.register_fake
def _(x):
    return torch.empty_like(x)


class Net(torch.nn.Module):
    def forward(self, x, volume, grid):
        y = quick_gelu(x)  # expect: DX307
        z = torch.nn.functional.grid_sample(volume, grid, align_corners=True)  # expect: DX307
        return y, z, torch.isinf(x.half())  # expect: DX304


def build():
    registry = OnnxRegistry().with_op("newer::quick_gelu", lambda x: op.Gelu(x))
    inputs = (torch.rand(2, 3), torch.rand(1, 2, 4, 4, 4), torch.rand(1, 3, 3, 3, 3))
    return ExportTarget(Net(), inputs, registry=registry)
