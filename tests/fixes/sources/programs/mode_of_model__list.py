"""Layers in a plain list are not told about `eval()`."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.after = [torch.nn.Dropout(0.5), torch.nn.ReLU()]

    def forward(self, x):
        for layer in self.after:
            x = layer(x)  # expect: DX117
        return x


def build():
    return Net().eval(), (torch.rand(2, 4),)
