"""The model was never set to `eval()`; it is exported as if it were (pytorch/pytorch#103681, #52758)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(self.norm(self.linear(x)))


def build():
    return Net(), (torch.rand(3, 4),)
