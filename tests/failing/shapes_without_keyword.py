"""A keyword input without an entry of its own (pytorch/pytorch#164313)."""

import torch


class Net(torch.nn.Module):
    def forward(self, ids, mask=None):
        return (ids * mask).sum(-1)


def build():  # expect: DX107
    return Net(), (torch.rand(2, 6),), {"mask": torch.ones(2, 6)}, {"ids": {0: "batch"}}
