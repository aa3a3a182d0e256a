import torch
from torch import nn


@torch.library.custom_op("onnxdx_silent_reg::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    return x.flip(0)


@twist.register_fake
def _(x):
    return torch.empty_like(x)


def symbolic(g, x):  # expect: DX421
    return g.op("my::Twist", x)


torch.onnx.register_custom_op_symbolic("onnxdx_silent_reg::twist", symbolic, 18)


class Net(nn.Module):
    def forward(self, x):
        return twist(x) + 1  # expect: DX301


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
