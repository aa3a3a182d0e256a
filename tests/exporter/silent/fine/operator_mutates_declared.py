import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_mutates_declared::op", mutates_args=("x",))
def op(x: torch.Tensor) -> torch.Tensor:
    x.mul_(2)
    return x + 1


@op.register_fake
def _(x):
    return torch.empty_like(x)


class Net(nn.Module):
    def forward(self, x):
        return op(x + 0) * 2  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
