import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.steps = [nn.Dropout(0.5)]

    def forward(self, x):
        x = self.lin(x)
        for step in self.steps:
            x = step(x)  # expect: DX117
        return x


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
