"""Suppression class by class, over the classes that occur (pytorch/vision#9462)."""

import torch


class PerClass(torch.nn.Module):
    def forward(self, scores, classes):
        best = torch.zeros_like(scores)
        for label in torch.unique(classes):  # expect: DX102
            same = classes == label
            best = torch.where(same & (scores == (scores * same).max()), scores, best)
        return best


def build():
    return PerClass(), (torch.rand(5), torch.tensor([0, 2, 0, 1, 2]))
