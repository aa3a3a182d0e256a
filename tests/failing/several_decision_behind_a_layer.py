"""A decision that depends on weights, and behind it an operator without ONNX function (pytorch/pytorch#136756).

Which side is taken for the sample inputs is known only to who knows the weights as well.
"""

import torch


class Bounded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)

    def forward(self, x):
        hidden = self.conv(x)
        if hidden.abs().max() > 100:  # expect: DX101
            return hidden
        return torch.special.i1(hidden)  # expect: DX301


def build():
    torch.manual_seed(0)
    return Bounded().eval(), (torch.rand(1, 3, 8, 8),)
