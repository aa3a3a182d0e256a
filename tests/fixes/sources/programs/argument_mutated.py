"""A custom operator writes into its argument and does not say so."""

import torch


@torch.library.custom_op("onnxdx_fixes::accumulate", mutates_args=())  # expect: DX113
def accumulate(total: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    total.add_(x)
    return total * 2


@accumulate.register_fake
def _(total, x):
    return torch.empty_like(total)


class Net(torch.nn.Module):
    def forward(self, x):
        total = torch.zeros_like(x)
        return accumulate(total, x) + total  # expect: DX301


def build():
    return Net(), (torch.rand(3),)
