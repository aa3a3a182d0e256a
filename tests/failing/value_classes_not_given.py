"""Labels become one-hot rows without the number of classes being said."""

import torch
import torch.nn.functional as F


class Prototypes(torch.nn.Module):
    def forward(self, features, labels):
        member = F.one_hot(labels).float()  # expect: DX102
        return member.T @ features


def build():
    return Prototypes(), (torch.rand(4, 3), torch.tensor([0, 2, 1, 2]))
