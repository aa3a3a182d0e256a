import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.flip = False

    def forward(self, x):
        self.flip = not self.flip  # expect: DX115
        return self.a(x) if self.flip else self.b(x)


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
