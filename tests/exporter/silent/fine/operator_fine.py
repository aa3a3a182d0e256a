import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_fine::op", mutates_args=())
def op(x: torch.Tensor) -> torch.Tensor:
    return x.t().clone()


@op.register_fake
def _(x):
    return x.new_empty(x.shape[1], x.shape[0])


class Net(nn.Module):
    def forward(self, x):
        return op(x) + 1  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
