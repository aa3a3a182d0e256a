"""A constant of the model is cast in every call (pytorch/torchdynamo#1475)."""

import torch


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.offset = torch.ones(3, 2)

    def forward(self, x):
        self.offset = self.offset.to(torch.float64)
        return x.sum() + self.offset.sum()


def build():
    return Model(), (torch.rand(3, 2),)
