"""A series loses its trend by least squares, and its quantiles are taken by numpy."""

import numpy as np
import torch
from torch import nn


class Detrend(nn.Module):
    def __init__(self, length=12) -> None:
        super().__init__()
        t = torch.linspace(-1, 1, length)
        self.register_buffer("basis", torch.stack([torch.ones_like(t), t], 1))
        self.mix = nn.Linear(length, 3)

    def forward(self, y):
        coef = torch.linalg.lstsq(self.basis.expand(y.shape[0], -1, -1), y[..., None]).solution  # expect: DX301
        rest = y - (self.basis @ coef).squeeze(-1)
        spread = np.percentile(rest.detach().numpy(), 90)  # expect: DX110
        return self.mix(rest / float(spread))


def build():
    return Detrend().eval(), (torch.randn(3, 12),)
