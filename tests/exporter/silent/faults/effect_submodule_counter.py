import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 0

    def forward(self, x):
        self.n = self.n + 1  # expect: DX115
        return x + self.n


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(3))

    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return x


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
