"""NumPy in the forward of an autograd.Function, of which torch knows the functions (pytorch/pytorch#132559)."""

import numpy as np
import torch


class Median(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        found = np.percentile(x.numpy(), 50, axis=-1)
        return torch.from_numpy(found.astype("float32"))

    @staticmethod
    def backward(ctx, grad):
        return grad


class Net(torch.nn.Module):
    def forward(self, x):
        return Median.apply(x) * 2


def build():
    return Net(), (torch.rand(3, 5),)
