"""Branches that do not fit, an operator without function, and a cache on the module (pytorch/pytorch#98909)."""

import torch


class Router(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.small = torch.nn.Linear(4, 4)
        self.register_buffer("history", torch.zeros(4))

    def forward(self, x):
        self.history.copy_(x[0])  # expect: DX413
        routed = torch.cond(x.sum() > 0, self.small, lambda x: x.long(), (x,))  # expect: DX120
        return torch.special.i1(routed)  # expect: DX301


def build():
    torch.manual_seed(0)
    return Router().eval(), (torch.rand(2, 4),)
