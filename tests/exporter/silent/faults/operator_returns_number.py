import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_returns_number::op", mutates_args=())  # expect: DX113
def op(x: torch.Tensor) -> torch.Tensor:
    return 3.0


@op.register_fake
def _(x):
    return torch.empty_like(x)


class Net(nn.Module):
    def forward(self, x):
        return op(x) * 2  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
