"""Positions of equal values are open in torch: a warning, also behind other faults, and not for the values."""

import torch


class Net(torch.nn.Module):
    def forward(self, votes, scores):
        best = votes.topk(3)  # expect: DX607
        return best.values, scores.gather(0, best.indices), torch.mode(votes).values  # expect: DX301


def build():
    return Net(), (torch.tensor([1, 0, 1, 1, 0, 1, 0, 1]), torch.linspace(0, 1, 8))
