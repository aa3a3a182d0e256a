"""A view that fixes a dim, an operator without ONNX function, and an input that is written (pytorch/pytorch#74801)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        x.clamp_(min=0.1)  # expect: DX414
        groups = x.view(3, 4)  # expect: DX104
        return torch.polygamma(1, groups)  # expect: DX301


def build():
    return Net(), (torch.rand(3, 4),), {}, {"x": {0: "rows"}}
