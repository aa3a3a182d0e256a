"""A model in training mode whose layers do the same in both modes (microsoft/onnxscript#1262)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.instance = torch.nn.InstanceNorm2d(4, affine=True)
        self.group = torch.nn.GroupNorm(2, 4)
        self.dropout = torch.nn.Dropout(0.0)

    def forward(self, x):
        return self.dropout(self.group(self.instance(self.conv(x))))


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3, 6, 6),)
