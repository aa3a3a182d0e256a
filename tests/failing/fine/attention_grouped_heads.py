"""Eight query heads share two key heads, under a mask that hides one row wholly (pytorch/pytorch#151762, #162258)."""

import torch
import torch.nn.functional as F


class Grouped(torch.nn.Module):
    def forward(self, query, key, value, mask):
        shared = F.scaled_dot_product_attention(query, key, value, enable_gqa=True)
        masked = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, enable_gqa=True, scale=0.5)
        causal = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        return shared, masked, causal


def build():
    mask = torch.tensor([[True, True, False], [True, False, True], [False, False, True]])
    key = torch.rand(2, 2, 3, 4)
    return Grouped(), (torch.rand(2, 8, 3, 4), key, key + 1, mask)
