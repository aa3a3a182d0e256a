"""The sides call layers, and each has steps of its own."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.small, self.large = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def forward(self, x):
        y = x + 1
        if x.mean() > 0:  # expect: DX101
            hidden = self.small(x)
            y = hidden.relu() * y
        else:
            # the expensive way
            y = self.large(y)
        return y


def build():
    return Net(), (torch.rand(2, 3),)
