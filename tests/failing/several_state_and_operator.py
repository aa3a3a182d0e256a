"""A Python counter, an operator without ONNX function, and a dim that the sample fixes (pytorch/pytorch#133653)."""

import torch
from torch.export import Dim


class Decay(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1  # expect: DX115
        return torch.polygamma(1, x + self.calls)  # expect: DX301


def build():  # expect: DX104
    return Decay(), (torch.rand(1, 3),), {}, {"x": {0: Dim("batch")}}
