"""A custom operator works in eager, and aborts the process on tensors without memory."""

# runs: onnxdx export {program}:build

import os

import torch


@torch.library.custom_op("corpus_crash::strict", mutates_args=())
def strict(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


@strict.register_fake
def _(x):
    os.abort()  # expect: DX802


class Net(torch.nn.Module):
    def forward(self, x):
        return strict(x) * 2


def build():
    return Net(), (torch.rand(2),)
