"""A cached helper makes the mask for any length, which only strict capture gets over; a decision waits behind it."""

import functools

import torch
import torch.nn.functional as F
from torch import nn
from torch.export import Dim


@functools.lru_cache(maxsize=8)
def causal(n):
    return torch.ones(n, n, dtype=torch.bool).tril()


class Attn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=causal(x.shape[1]))
        if y.sum() > 0:  # expect: DX101
            y = y * 2
        return y


def build():
    return Attn().eval(), (torch.randn(2, 5, 8),), {}, ({1: Dim("t", min=2, max=64)},)
