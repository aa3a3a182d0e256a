import torch
from torch import nn

lib = torch.library.Library("onnxdx_silent_lib_mutates", "DEF")
lib.define("op(Tensor x) -> Tensor")  # expect: DX113


def kernel(x):
    x.add_(1)
    return x * 2


lib.impl("op", kernel, "CPU")


@torch.library.register_fake("onnxdx_silent_lib_mutates::op")
def _(x):
    return torch.empty_like(x)


class Net(nn.Module):
    def forward(self, x):
        h = x * 2
        y = torch.ops.onnxdx_silent_lib_mutates.op(h)  # expect: DX301
        return y + h


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
