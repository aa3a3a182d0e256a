import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_fake_count::op", mutates_args=())
def op(x: torch.Tensor) -> list[torch.Tensor]:
    return [x + 1, x + 2, x + 3]


@op.register_fake
def _(x):
    return [torch.empty_like(x), torch.empty_like(x)]  # expect: DX112


class Net(nn.Module):
    def forward(self, x):
        return op(x)[0] + op(x)[1]  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
