"""One letter of the equation stands for two dims that were declared apart (pytorch/pytorch#155717)."""

import torch


class Outer(torch.nn.Module):
    def forward(self, x, y):
        return torch.einsum("bi,bj->bij", x, y)  # expect: DX126


def build():
    return Outer(), (torch.rand(3, 2), torch.rand(3, 4)), {}, {"x": {0: "left"}, "y": {0: "right"}}
