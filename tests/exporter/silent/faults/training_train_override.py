import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def train(self, mode=True):
        return super().train(True)

    def forward(self, x):
        return self.drop(x)  # expect: DX117


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
