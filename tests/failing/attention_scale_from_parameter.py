"""The scale of attention is learnt, and taken out of its tensor (pytorch/pytorch#149662)."""

import torch
import torch.nn.functional as F


class Attend(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.temperature = torch.nn.Parameter(torch.tensor(0.25))

    def forward(self, query, key, value):
        return F.scaled_dot_product_attention(query, key, value, scale=float(self.temperature))  # expect: DX102


def build():
    return Attend().eval(), tuple(torch.rand(1, 2, 4, 8) for _ in range(3))
