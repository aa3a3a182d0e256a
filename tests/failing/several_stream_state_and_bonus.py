"""A streaming recogniser keeps its hidden state in an attribute, and names its best token by a list."""

import torch
from torch import nn


class Stream(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 6, batch_first=True)
        self.out = nn.Linear(6, 3)
        self.state = None
        self.bonus = [0.0, 0.5, 1.0]

    def forward(self, x):
        y, self.state = self.rnn(x, self.state)  # expect: DX415
        logits = self.out(y[:, -1])
        return logits + self.bonus[logits[0].argmax()]  # expect: DX102


def build():
    return Stream().eval(), (torch.randn(1, 5, 4),)
