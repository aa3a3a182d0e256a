import random

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rng = random.Random(0)

    def forward(self, x):
        return x + self.rng.random()  # expect: DX115


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
