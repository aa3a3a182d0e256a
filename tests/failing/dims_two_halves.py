"""One half of the sequence gates the other, which needs an even length (pytorch/pytorch#136216)."""

import torch


class Gate(torch.nn.Module):
    def forward(self, x):
        half = x.shape[1] // 2
        value, gate = x[:, :half], x[:, half:]
        return value * gate.sigmoid()  # expect: DX125


def build():
    return Gate(), (torch.rand(2, 6),), {}, {"x": {1: "length"}}
