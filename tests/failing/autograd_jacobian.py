"""The Jacobian of a layer is part of the model (pytorch/pytorch#128325)."""

import torch
from torch import nn


class Sensitivity(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return torch.autograd.functional.jacobian(self.layer, x)  # expect: DX110


def build():
    return Sensitivity(), (torch.rand(3),)
