import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.compile(nn.Linear(3, 3))

    def forward(self, x):
        return self.lin(x).relu()


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
