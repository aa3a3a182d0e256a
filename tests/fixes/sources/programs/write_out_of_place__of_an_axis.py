"""A mask behind a slice."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        scores = x + 1
        future = torch.ones(3, 3, dtype=torch.bool).triu(1)
        scores[:, future] = float("-inf")  # expect: DX309
        return scores.softmax(-1)


def build():
    return Net(), (torch.rand(2, 3, 3),)
