"""Places that occur twice add up, and the largest wins, both in one call (pytorch/pytorch#61034, #152419)."""

import torch


class Accumulate(torch.nn.Module):
    def forward(self, base, values, places):
        added = base.index_put((places,), values, accumulate=True)
        index = places[:, None].expand(-1, base.shape[1])
        largest = torch.zeros_like(base).scatter_reduce(0, index, values, "amax", include_self=False)
        average = torch.zeros_like(base).scatter_reduce(0, index, values, "mean", include_self=True)
        return added, largest, average


def build():
    return Accumulate(), (torch.ones(5, 3), torch.randn(5, 3), torch.tensor([0, 4, 2, 2, 4]))
