"""A table for one length, a vote, and padding written into the input, under a length that was asked to vary.

Taken from pytorch/pytorch#152018.
"""

import torch


class Tagger(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.positions = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x, padding):
        x.masked_fill_(padding[..., None], 0.0)  # expect: DX414
        hidden = x + self.positions  # expect: DX104
        labels = hidden.argmax(-1)
        return labels.mode(-1).values  # expect: DX301


def build():
    shapes = {"x": {0: "batch", 1: "time"}, "padding": {0: "batch", 1: "time"}}
    padding = torch.zeros(2, 6, dtype=torch.bool)
    padding[0, 4:] = True
    return Tagger().eval(), (torch.rand(2, 6, 4), padding), {}, shapes
