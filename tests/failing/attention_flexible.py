"""Attention with a score function of one's own, by `flex_attention` (onnx/onnx#7534, pytorch/pytorch#140400)."""

import torch
from torch.nn.attention.flex_attention import flex_attention

# prints: UserWarning: flex_attention called without torch.compile
# prints: .*


def nearer(score, batch, head, query, key):
    return score - (query - key).abs()


class Attend(torch.nn.Module):
    def forward(self, query, key, value):
        return flex_attention(query, key, value, score_mod=nearer)  # expect: DX301


def build():
    return Attend().eval(), tuple(torch.rand(1, 2, 16, 8) for _ in range(3))
