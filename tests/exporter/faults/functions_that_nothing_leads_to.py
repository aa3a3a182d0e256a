"""Functions that are registered and not used, each for another reason; others serve other models, which is fine."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


class Net(torch.nn.Module):
    def forward(self, x):
        y = torch.nn.functional.layer_norm(x, (4,)) + 1
        y = torch.nn.functional.gelu(y).mul_(2)
        return torch.relu(y), torch.mode(y).values  # expect: DX301


def same(x):
    return op.Identity(x)


def same_of_two(x, y):
    return op.Identity(x)


def normalised(x, shape, weight, bias, eps: float):
    return op.LayerNormalization(x, weight, bias, epsilon=eps), x, x


def build():
    registry = OnnxRegistry()
    registry = registry.with_op("aten::gelu.Tensor", same)  # expect: DX310
    registry = registry.with_op("mylib::relu", same)  # expect: DX310
    registry = registry.with_op("aten::add.Scalar", same_of_two)  # expect: DX310
    registry = registry.with_op("aten::mul_.Tensor", same_of_two)  # expect: DX310
    registry = registry.with_op("aten::native_layer_norm", normalised)  # expect: DX310
    registry = registry.with_op("aten::relu", same)  # expect: DX310
    registry = registry.with_op("aten::relu", lambda x: op.Relu(x))
    registry = registry.with_op("aten::gelu", same, complex=True)  # expect: DX310
    registry = registry.with_op("aten::cumsum", same_of_two)
    return ExportTarget(Net(), (torch.rand(2, 4),), registry=registry)
