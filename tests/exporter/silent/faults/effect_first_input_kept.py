import torch
from torch import nn


class Net(nn.Module):
    """Scales by the first input it ever saw."""

    def __init__(self):
        super().__init__()
        self.known = {}

    def forward(self, x):
        if "scale" not in self.known:
            self.known["scale"] = x.abs().amax()  # expect: DX115
        return x / self.known["scale"]


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
