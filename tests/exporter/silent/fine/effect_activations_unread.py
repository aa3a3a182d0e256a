import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.features = []
        self.last = None

    def forward(self, x):
        y = self.lin(x)
        self.features.append(y)
        self.last = y
        return y.relu()


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
