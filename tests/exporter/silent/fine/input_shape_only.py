import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, like):
        return x.reshape(like.shape)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3), torch.zeros(3, 2))
