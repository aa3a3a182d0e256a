"""One operator fails while it runs, another one computes other numbers."""

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("fails::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


@quick_gelu.register_fake
def _(x):
    return torch.empty_like(x)


@torch.library.custom_op("fails::lookup", mutates_args=())
def lookup(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return table[ids % table.shape[0]]


@lookup.register_fake
def _(table, ids):
    return table.new_empty(*ids.shape, table.shape[1])


class Net(torch.nn.Module):
    def forward(self, table, ids):
        rows = lookup(table, ids)  # expect: DX603
        return quick_gelu(rows)  # expect: DX601


def build():
    registry = OnnxRegistry().with_op("fails::lookup", lambda table, ids: op.Gather(table, ids))
    registry = registry.with_op("fails::quick_gelu", lambda x: op.Mul(x, op.Sigmoid(x)))
    return ExportTarget(Net(), (torch.rand(8, 4), torch.tensor([3, 11, 5])), registry=registry)
