"""Ids come as floats, as another framework gives them."""

import torch


class Lookup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)

    def forward(self, ids):
        return self.embed(ids)  # expect: DX116


def build():
    return Lookup().eval(), (torch.tensor([[1.0, 2.0]]),)
