"""Features of images take the places of marked tokens, row by row (pytorch/pytorch#186146)."""

import torch


class Inject(torch.nn.Module):
    def forward(self, tokens, marked, features):
        filled = tokens.masked_scatter(marked[..., None], features)
        first = tokens.clone()
        first[:, 0] = features[0]
        first.index_fill_(1, torch.tensor([2, 3]), 0.5)
        return filled, first


def build():
    marked = torch.zeros(1, 6, dtype=torch.bool)
    marked[0, 1:4] = True
    features = torch.arange(12.0).reshape(3, 4)
    return Inject(), (torch.zeros(1, 6, 4), marked, features)
