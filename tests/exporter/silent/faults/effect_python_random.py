import random

import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x + random.random()  # expect: DX115


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
