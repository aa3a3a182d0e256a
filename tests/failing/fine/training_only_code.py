"""What is for training only is behind `self.training`, with an auxiliary loss and noise (pytorch/pytorch#103681)."""

import torch
import torch.nn.functional as F


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.dropout = torch.nn.Dropout(0.5)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, x, labels=None):
        if self.training:
            self.steps += 1
            x = x + torch.randn_like(x)
            if labels is not None and labels.max() > 3:
                raise ValueError("label")
        hidden = F.dropout(self.norm(self.linear(x)), 0.3, self.training)
        return self.dropout(hidden)


def build():
    return Net().eval(), (torch.rand(2, 4),)
