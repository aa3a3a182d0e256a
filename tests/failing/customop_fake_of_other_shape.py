"""The fake kernel of a custom operator promises another shape than the operator gives (pytorch/pytorch#150809)."""

import torch


@torch.library.custom_op("customop_fake_of_other_shape::edges", mutates_args=())
def edges(x: torch.Tensor) -> torch.Tensor:
    return x[:, 1:] - x[:, :-1]


@edges.register_fake
def _(x):
    return torch.empty_like(x)  # expect: DX112


class Net(torch.nn.Module):
    def forward(self, x):
        return edges(x).abs()  # expect: DX301


def build():
    return Net(), (torch.rand(2, 5),)
