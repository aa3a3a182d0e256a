import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.step = 0

    def forward(self, x):
        self.step += 1  # expect: DX115
        if self.step > 100:
            return x * 2
        return x


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
