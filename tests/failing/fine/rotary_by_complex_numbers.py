"""Positions are rotated in by complex numbers (pytorch/pytorch#49793)."""

import torch


class Rotary(torch.nn.Module):
    def __init__(self):
        super().__init__()
        angles = torch.outer(torch.arange(6.0), 1.0 / 10.0 ** torch.arange(2.0))
        self.register_buffer("turns", torch.polar(torch.ones_like(angles), angles))

    def forward(self, x):
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * self.turns).flatten(-2)


def build():
    return Rotary(), (torch.rand(2, 6, 4),)
