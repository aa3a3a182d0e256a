import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, training=self.training) * 2


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
