import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_fine_dynamic_size::op", mutates_args=())
def op(x: torch.Tensor) -> torch.Tensor:
    return x[x > 0.5].clone()


@op.register_fake
def _(x):
    return x.new_empty(torch.library.get_ctx().new_dynamic_size())


class Net(nn.Module):
    def forward(self, x):
        return op(x) + 1  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
