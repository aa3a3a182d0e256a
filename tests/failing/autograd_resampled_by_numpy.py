"""The forward of an autograd.Function resamples by NumPy (pytorch/pytorch#132559)."""

import numpy as np
import torch


class Resample(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        found = np.interp(np.arange(0, 8, 0.5), np.arange(8), x.numpy())  # expect: DX110
        return torch.from_numpy(found.astype("float32"))

    @staticmethod
    def backward(ctx, grad):
        return grad


class Net(torch.nn.Module):
    def forward(self, x):
        return Resample.apply(x) * 2


def build():
    return Net(), (torch.rand(8),)
