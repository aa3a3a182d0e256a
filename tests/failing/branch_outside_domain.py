"""A flow refuses inputs outside of its domain, as text-to-speech models do (OHF-Voice/piper1-gpl#148)."""

import torch


class Spline(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.rand(1))

    def forward(self, x):
        if torch.min(x) < 0 or torch.max(x) > 1:  # expect: DX101
            raise ValueError("outside of the domain of the flow")
        return x * self.slope + x**2


def build():
    return Spline(), (torch.rand(2, 5),)
