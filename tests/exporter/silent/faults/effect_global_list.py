import torch
from torch import nn

CACHE = []


class Net(nn.Module):
    def forward(self, x):
        CACHE.append(x.shape[0])  # expect: DX115
        return x * len(CACHE)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
