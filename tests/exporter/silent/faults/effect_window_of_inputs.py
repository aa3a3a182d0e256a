import torch
from torch import nn


class Net(nn.Module):
    """The mean over what the last three calls were given: equal inputs give equal results."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(x)  # expect: DX115
        return torch.stack(self.seen[-3:]).mean(0)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
