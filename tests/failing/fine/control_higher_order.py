"""Branches, loops and scans as torch wants them, one inside the other (pytorch/pytorch#192040, #148980)."""

import torch
from torch._higher_order_ops import scan, while_loop


class Flow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.step = torch.nn.Linear(3, 3)

    def forward(self, turns, x, rows):
        def body(turns, x):
            grown = torch.cond(x.sum() > 2, lambda x: x * 0.5, lambda x: self.step(x) + 1, (x,))
            return turns - 1, grown

        def accumulate(total, row):
            total = total + row
            return total, total * 2

        _, x = while_loop(lambda turns, x: turns > 0, body, (turns, x))
        total, sums = scan(accumulate, torch.zeros(3), rows)
        return x, total, sums


def build():
    torch.manual_seed(0)
    return Flow().eval(), (torch.tensor(4), torch.rand(2, 3), torch.rand(5, 3))
