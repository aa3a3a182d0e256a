"""A custom operator for pooling without a fake kernel, and another that writes though it says that it does not."""

import torch
import torch.nn.functional as F
from torch import nn


@torch.library.custom_op("unseen::soft_pool", mutates_args=())
def soft_pool(x: torch.Tensor, k: int) -> torch.Tensor:
    w = x.exp()
    return F.avg_pool1d(w * x, k) / F.avg_pool1d(w, k)


@torch.library.custom_op("unseen::shift_", mutates_args=())  # expect: DX113
def shift_(x: torch.Tensor) -> torch.Tensor:
    x.add_(1.0)
    return x.clone()


@shift_.register_fake
def _(x):
    return torch.empty_like(x)


class Net(nn.Module):
    def forward(self, x):
        y = soft_pool(x, 2)  # expect: DX111, DX301
        return shift_(y * 2)  # expect: DX301


def build():
    return Net().eval(), (torch.rand(1, 3, 8),)
