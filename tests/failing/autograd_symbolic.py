"""`symbolic` of an autograd.Function says what it is in ONNX, and is never read (pytorch/pytorch#146035)."""

import torch


class Marked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def symbolic(g, x):  # expect: DX420
        return g.op("custom::Double", x)


class Net(torch.nn.Module):
    def forward(self, x):
        return Marked.apply(x) + 1


def build():
    return Net(), (torch.rand(5),)
