"""A model for one sample is mapped over a batch, and a product over all pairs (pytorch/pytorch#153063)."""

import torch


class Batched(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh())

    def forward(self, x, y):
        pairs = torch.vmap(torch.vmap(torch.dot, in_dims=(None, 0)), in_dims=(0, None))(x, y)
        return torch.vmap(self.one)(x), pairs


def build():
    return Batched().eval(), (torch.rand(5, 4), torch.rand(3, 4))
