"""One side of `torch.cond` changes its operand in place (pytorch/pytorch#123972, #186462)."""

import torch


class Relax(torch.nn.Module):
    def forward(self, x):
        def damped(x):
            x.mul_(0.5)  # expect: DX120
            return x + 1

        return torch.cond(x.sum() > 0, damped, lambda x: x - 1, (x,))


def build():
    return Relax(), (torch.rand(4),)
