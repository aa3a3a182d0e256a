"""One expert of a ModuleList by the argmax, and a dict of adapters by a language id."""

import torch
from torch import nn


class Switch(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(4, 3)
        self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.adapters = nn.ModuleDict({"0": nn.Linear(4, 2), "1": nn.Linear(4, 2)})

    def forward(self, x, lang):
        best = self.gate(x).mean(0).argmax()
        y = self.experts[best](x)  # expect: DX102
        return self.adapters[str(lang.item())](y)  # expect: DX102


def build():
    return Switch().eval(), (torch.randn(2, 4), torch.tensor(1))
