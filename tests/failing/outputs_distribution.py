"""A policy returns a distribution, which also decides by values whether they are valid (pytorch/pytorch#116336)."""

import torch


class Policy(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = torch.nn.Linear(4, 2)

    def forward(self, state):
        mean = self.mean(state)
        return torch.distributions.Normal(mean, 1.0)  # expect: DX101, DX109


def build():
    return Policy().eval(), (torch.rand(3, 4),)
