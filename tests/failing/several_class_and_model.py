"""The input is a class that nobody registered; behind it wait a decision and an operator (pytorch/pytorch#147400)."""

from dataclasses import dataclass

import torch


@dataclass  # expect: DX108
class Sample:
    rate: torch.Tensor
    count: torch.Tensor


class Net(torch.nn.Module):
    def forward(self, sample):
        rate = sample.rate
        if rate.min() <= 0:  # expect: DX101
            rate = rate.clamp(min=1e-3)
        return rate - torch.lgamma(sample.count + 1)  # expect: DX301


def build():
    return Net(), (Sample(torch.rand(3) + 0.5, torch.tensor([0.0, 1.0, 2.0])),)
