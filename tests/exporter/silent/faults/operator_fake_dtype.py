import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_fake_dtype::op", mutates_args=())
def op(x: torch.Tensor) -> torch.Tensor:
    return x.argmax(-1)


@op.register_fake
def _(x):
    return x.new_empty(x.shape[0])  # expect: DX112


class Net(nn.Module):
    def forward(self, x):
        return op(x) + 2  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
