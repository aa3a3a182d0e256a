"""Attention is given its dropout whatever the mode of the model is (pytorch/pytorch#103681)."""

import torch
import torch.nn.functional as F


class Attend(torch.nn.Module):
    def forward(self, query, key, value):
        return F.scaled_dot_product_attention(query, key, value, dropout_p=0.3)  # expect: DX117


def build():
    return Attend().eval(), tuple(torch.rand(1, 2, 4, 8) for _ in range(3))
