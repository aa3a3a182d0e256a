import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_op_fake_breaks_capture::op", mutates_args=())
def op(x: torch.Tensor) -> torch.Tensor:
    return x.t().clone()


@op.register_fake
def _(x):
    return torch.empty_like(x)  # expect: DX112


class Net(nn.Module):
    def forward(self, x):
        return op(x) @ x  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
