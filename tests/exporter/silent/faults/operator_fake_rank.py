import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_fake_rank::op", mutates_args=())
def op(x: torch.Tensor) -> torch.Tensor:
    return x.sum(-1, keepdim=True)


@op.register_fake
def _(x):
    y = x.new_empty(x.shape[0])
    return y  # expect: DX112


class Net(nn.Module):
    def forward(self, x):
        return op(x) + 1  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
