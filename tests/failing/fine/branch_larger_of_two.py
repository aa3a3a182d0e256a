"""The larger of two scores by Python's `max`."""

import torch


class Score(torch.nn.Module):
    def forward(self, x, y):
        best = max(x.mean(), y.mean())
        return x - best


def build():
    return Score(), (torch.rand(3), torch.rand(3))
