"""A mask is dropped when there is no zero in it."""

import torch
import torch.nn.functional as F


def update_mask(mask):
    if mask is not None and 0.0 in mask:  # expect: DX101
        return mask.bool()[:, None, None, :]
    return None


class Attention(torch.nn.Module):
    def forward(self, q, mask):
        return F.scaled_dot_product_attention(q, q, q, attn_mask=update_mask(mask))


def build():
    return Attention(), (torch.rand(2, 2, 5, 4), torch.tensor([[1.0, 1, 1, 1, 0], [1, 1, 1, 0, 0]]))
