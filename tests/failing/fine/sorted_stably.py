"""A sort that is asked to be stable (pytorch/pytorch#95613)."""

import torch


class Order(torch.nn.Module):
    def forward(self, x):
        values, places = torch.sort(x, stable=True)
        return values, places, torch.argsort(x, stable=True, descending=True)


def build():
    return Order(), (torch.randperm(12).float().reshape(3, 4),), {}, {"x": {0: "batch"}}
