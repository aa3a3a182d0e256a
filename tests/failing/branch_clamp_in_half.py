"""Encoders clamp infinities of half precision, and look for them first (huggingface/transformers#9295)."""

import torch


class Block(torch.nn.Module):
    def forward(self, hidden):
        hidden = hidden * 2
        if hidden.dtype == torch.float16 and torch.isinf(hidden).any():  # expect: DX101
            hidden = hidden.clamp(min=-64000, max=64000)
        return hidden


def build():
    return Block(), (torch.rand(2, 4).half(),)
