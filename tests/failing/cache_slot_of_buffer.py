"""Each call writes one slot of a buffer, at a position that is a tensor (huggingface/transformers#32168)."""

import torch


class Cached(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.zeros(8, 4))

    def forward(self, key, position):
        self.keys[position] = key  # expect: DX102 before torch 2.14, DX413
        return self.keys @ key


def build():
    return Cached(), (torch.rand(4), torch.tensor(2))
