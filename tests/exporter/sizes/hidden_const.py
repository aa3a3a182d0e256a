"""The same as a plain number."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        n = x.shape[1].node.hint if hasattr(x.shape[1], "node") else x.shape[1]
        return x / n  # expect: DX605


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
