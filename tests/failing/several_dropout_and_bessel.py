"""Dropout that is always on before an operator without ONNX function (pytorch/pytorch#78309)."""

import torch
import torch.nn.functional as F


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        hidden = F.dropout(self.linear(x), 0.1)  # expect: DX117
        return torch.special.i1(hidden)  # expect: DX301


def build():
    return Net().eval(), (torch.rand(2, 4),)
