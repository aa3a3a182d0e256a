"""A custom operator that does not say its shape (pytorch/pytorch#141545), in two layers."""

import torch
from torch import nn


@torch.library.custom_op("customop_without_fake_kernel::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    return x.flip(0)


class Layer(nn.Module):
    def forward(self, x):
        return twist(x) * 2  # expect: DX111, DX301


def build():
    return nn.Sequential(Layer(), Layer()), (torch.rand(3),)
