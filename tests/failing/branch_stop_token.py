"""A greedy decoder that stops at the end token (pytorch/pytorch#127154)."""

import torch
from torch import nn


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(8, 4)
        self.head = nn.Linear(4, 8)

    def forward(self, token):
        tokens = [token]
        for _ in range(3):
            token = self.head(self.embed(token)).argmax(-1)
            if token == 0:  # expect: DX101
                break
            tokens.append(token)
        return torch.stack(tokens)


def build():
    torch.manual_seed(0)
    return Decoder(), (torch.tensor(3),)
