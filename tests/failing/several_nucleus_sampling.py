"""Nucleus sampling with a Python loop over the batch, and a stop word list."""

import torch
from torch import nn


class Sampler(nn.Module):
    stop = (2, 5)

    def __init__(self):
        super().__init__()
        self.lm = nn.Linear(4, 8)

    def forward(self, h):
        probs = self.lm(h).softmax(-1)
        out = []
        for row in probs:
            order = row.argsort(descending=True)
            keep = int((row[order].cumsum(0) < 0.9).sum()) + 1  # expect: DX102
            best = order[:keep][0]
            if best.item() in self.stop:  # expect: DX101
                best = order[1]
            out.append(best)
        return torch.stack(out)


def build():
    return Sampler().eval(), (torch.randn(2, 4),)
