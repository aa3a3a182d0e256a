import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.history = []

    def forward(self, x):
        self.history.append(x)  # expect: DX115
        return torch.stack(self.history).sum(0)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
