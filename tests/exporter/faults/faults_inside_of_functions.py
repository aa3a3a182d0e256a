"""With module calls as functions, the operators in them speak for themselves, each fault once for all calls."""
# options: functions="modules"

import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget


@torch.library.custom_op("inside::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


quick_gelu.register_fake(torch.empty_like)


class Block(torch.nn.Module):
    def forward(self, x):
        common = torch.mode(x).values  # expect: DX301
        y = quick_gelu(x)  # expect: DX601
        return torch.tan(y.double()).float() + common[:, None]  # expect: DX602


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.second = Block()

    def forward(self, x):
        return self.second(self.first(x))


def build():
    registry = OnnxRegistry().with_op("inside::quick_gelu", lambda x: op.Mul(x, op.Sigmoid(x)))
    return ExportTarget(Net(), (torch.linspace(-2, 2, 12).view(3, 4),), registry=registry)
