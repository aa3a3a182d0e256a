"""Three checks of a batch, none of which a good batch fails."""

import torch
from torch import nn


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 6)

    def forward(self, ids, lengths):
        assert (lengths > 0).all(), "empty rows"  # expect: DX101
        if ids.max() >= self.embed.num_embeddings:  # expect: DX101
            raise ValueError(f"id {ids.max().item()} is not in the vocabulary")
        assert lengths.max() <= ids.shape[1], f"lengths up to {lengths.max()}"  # expect: DX101
        keep = torch.arange(ids.shape[1]) < lengths[:, None]
        return (self.embed(ids) * keep[..., None]).sum(1) / lengths[:, None]


def build():
    return Packed(), (torch.randint(0, 12, (3, 5)), torch.tensor([2, 5, 1]))
