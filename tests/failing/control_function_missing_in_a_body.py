"""The body of a loop calls an operator that has no ONNX function (pytorch/pytorch#192040)."""

import torch
from torch._higher_order_ops import while_loop


class Solve(torch.nn.Module):
    def forward(self, turns, x):
        def more(turns, x):
            return turns > 0

        def step(turns, x):
            bessel = torch.special.i1(x)  # expect: DX301
            return turns - 1, x - bessel

        return while_loop(more, step, (turns, x))[1]


def build():
    return Solve(), (torch.tensor(3), torch.rand(2))
