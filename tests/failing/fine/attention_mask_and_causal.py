"""A mask and `is_causal` at once (pytorch/pytorch#136756)."""

import torch
import torch.nn.functional as F


class Attend(torch.nn.Module):
    def forward(self, query, key, value, mask):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=True)


def build():
    mask = torch.ones(4, 4, dtype=torch.bool)
    return Attend(), (*(torch.rand(1, 2, 4, 8) for _ in range(3)), mask)
