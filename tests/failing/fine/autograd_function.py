"""An autograd.Function of torch operators, with a backward that export has no need of (pytorch/pytorch#61813)."""

import torch


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * x.sigmoid()


class Net(torch.nn.Module):
    def forward(self, x):
        return Swish.apply(x) + 1


def build():
    return Net(), (torch.rand(4),)
