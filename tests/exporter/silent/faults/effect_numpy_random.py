import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        noise = float(np.random.rand())  # expect: DX115
        return x + noise


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
