"""Three operators become invalid ONNX, each for another reason."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("three::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


@quick_gelu.register_fake
def _(x):
    return torch.empty_like(x)


@torch.library.custom_op("three::energy", mutates_args=())
def energy(x: torch.Tensor) -> torch.Tensor:
    return x.square().sum(-1)


@energy.register_fake
def _(x):
    return x.new_empty(x.shape[:-1])


class Net(torch.nn.Module):
    def forward(self, image, x):
        gate = quick_gelu(x)  # expect: DX501
        total = energy(x)  # expect: DX504
        inverse = -image  # expect: DX304
        return gate * 2, total + 1, inverse.sum()


def build():
    registry = OnnxRegistry().with_op("three::quick_gelu", lambda x: op.Upsample(x, [1.0, 1.0]))
    registry = registry.with_op("three::energy", lambda x: op.ReduceSumSquare(x, [-1]))
    image = torch.arange(4, dtype=torch.uint8)
    return ExportTarget(Net(), (image, torch.rand(2, 3)), registry=registry)
