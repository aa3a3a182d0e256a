"""Keywords that hold dicts of lists, and one that is None (pytorch/pytorch#164313)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, *, features=None, mask=None):
        x = x + sum(features["wide"]) * features["deep"][0]
        return x if mask is None else x * mask


def build():
    features = {"wide": [torch.rand(2, 3), torch.rand(2, 3)], "deep": [torch.rand(3)]}
    return Net(), (torch.rand(2, 3),), {"features": features, "mask": None}
