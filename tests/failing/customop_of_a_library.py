"""Operators of a C++ extension: defined and implemented, but without a fake kernel (pytorch/pytorch#136869)."""

import torch

LIBRARY = torch.library.Library("customop_of_a_library", "DEF")
LIBRARY.define("sort_rows(Tensor x) -> Tensor")
LIBRARY.impl("sort_rows", lambda x: x.sort(-1).values, "CPU")


class Net(torch.nn.Module):
    def forward(self, x):
        x = x.relu()
        return torch.ops.customop_of_a_library.sort_rows(x)  # expect: DX111, DX301


def build():
    return Net(), (torch.rand(2, 3),)
