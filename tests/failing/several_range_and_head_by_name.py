"""A multi-task model: the head's attribute is looked up by the task id; a second look-up in a dict by a label."""

import torch
from torch import nn


class Multi(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.head_0, self.head_1 = nn.Linear(4, 2), nn.Linear(4, 1)

    def forward(self, x, task):
        if x.abs().max() > 100:  # expect: DX101
            x = x.clamp(-100, 100)
        h = self.body(x)
        head = getattr(self, f"head_{int(task)}")  # expect: DX102
        return head(h)


def build():
    return Multi().eval(), (torch.randn(2, 4), torch.tensor(1))
