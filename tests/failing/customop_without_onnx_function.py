"""A custom operator that can be captured, and that ONNX does not know (pytorch/pytorch#147374)."""

import torch


@torch.library.custom_op("customop_without_onnx_function::fold", mutates_args=())
def fold(x: torch.Tensor, size: int) -> torch.Tensor:
    return x.view(x.shape[0], -1, size).sum(-1)


@fold.register_fake
def _(x, size):
    return x.new_empty(x.shape[0], x.shape[1] // size)


class Net(torch.nn.Module):
    def forward(self, x):
        return fold(x, 2) + 1  # expect: DX301


def build():
    return Net(), (torch.rand(2, 6),)
