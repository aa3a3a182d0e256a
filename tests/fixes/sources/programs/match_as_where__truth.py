"""A match on a truth."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        match bool(x.mean() > 1):  # expect: DX102
            case True:
                y = x - 1
            case False:
                y = x * 2
        return y


def build():
    return Net(), (torch.ones(2, 3),)
