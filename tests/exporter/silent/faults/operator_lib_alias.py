import torch
from torch import nn

lib = torch.library.Library("onnxdx_silent_lib_alias", "DEF")
lib.define("op(Tensor x) -> Tensor")  # expect: DX113


def kernel(x):
    return x.view(-1)


lib.impl("op", kernel, "CPU")
lib.impl("op", kernel, "Meta")


class Net(nn.Module):
    def forward(self, x):
        h = x * 2
        y = torch.ops.onnxdx_silent_lib_alias.op(h)  # expect: DX301
        y.add_(1)
        return y.sum() + h


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
