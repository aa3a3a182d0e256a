import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, count: int):
        return x * count


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3), 2), {}, {"x": None, "count": torch.export.Dim.DYNAMIC}
