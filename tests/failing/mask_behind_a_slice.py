"""Later positions are masked in all rows of a batch by one mask."""

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)
        self.key = nn.Linear(8, 8)

    def forward(self, x, pad):
        scores = self.query(x) @ self.key(x).transpose(1, 2)
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        scores[:, future] = float("-inf")  # expect: DX309
        scores[pad.unsqueeze(1).expand_as(scores)] = -1e9
        return scores.softmax(-1) @ x


def build():
    torch.manual_seed(0)
    return Attention(), (torch.randn(2, 4, 8), torch.tensor([[False, False, False, True]] * 2))
