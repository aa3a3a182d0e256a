"""One head per task in a ModuleDict, and the task is a tensor (pytorch/pytorch#113652)."""

import torch
from torch import nn


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"0": nn.Linear(4, 2), "1": nn.Linear(4, 3)})

    def forward(self, x, task):
        head = self.heads[str(task.item())]  # expect: DX102
        return head(x)


def build():
    return Heads(), (torch.rand(2, 4), torch.tensor(1))
