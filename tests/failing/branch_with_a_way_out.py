"""A decision by values, with a way out that only a capture takes: it would be the one in the graph."""

import torch


class Scaled(torch.nn.Module):
    def forward(self, x):
        try:
            if x.sum() > 0:  # expect: DX101
                return x * 2
        except Exception:
            return x
        return -x


def build():
    return Scaled(), (torch.rand(2, 3),)
