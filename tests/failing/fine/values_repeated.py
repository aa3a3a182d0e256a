"""All values of a batch of open size, each twice (pytorch/pytorch#100429)."""

import torch


class Twice(torch.nn.Module):
    def forward(self, x):
        return x.repeat_interleave(2)


def build():
    return Twice(), (torch.rand(2, 3),), {}, {"x": {0: "batch"}}
