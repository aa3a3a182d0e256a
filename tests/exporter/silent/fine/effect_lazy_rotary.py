import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cos = None
        self.cached = 0

    def forward(self, x):
        if self.cos is None or x.shape[1] > self.cached:
            self.cached = x.shape[1]
            self.cos = torch.arange(x.shape[1]).float().cos()
        return x * self.cos


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
