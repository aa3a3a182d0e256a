"""Fails in capture four times over: a decision, a number, a fixed dim and a bounded one, all told in one run."""

import torch
from torch import nn


def normalised(x: torch.Tensor) -> torch.Tensor:
    """Rows of length 1, unless they are that short already."""
    if x.norm(dim=-1).max() <= 1:  # expect: DX101
        return x
    return x / x.norm(dim=-1, keepdim=True)


class Tagger(nn.Module):
    """Scores a tag for every word of a sentence."""

    def __init__(self, width: int = 8, tags: int = 3, heads: int = 6) -> None:
        super().__init__()
        self.embed = nn.Embedding(32, width)
        self.bias = nn.Parameter(torch.zeros(heads, 1, 1))
        self.score = nn.Linear(width, tags)

    def forward(self, words: torch.Tensor, layers: torch.Tensor) -> torch.Tensor:
        x = normalised(self.embed(words))
        for _ in range(int(layers)):  # expect: DX102
            x = x + torch.tanh(x)
        if words.shape[1] > 32:  # expect: DX105
            x = x[:, :32]
        return self.score(x + self.bias)  # expect: DX104


def build():
    torch.manual_seed(0)
    words = torch.randint(0, 32, (6, 5))
    return Tagger().eval(), (words, torch.tensor(2)), {}, {"words": {0: "batch", 1: "length"}, "layers": None}
