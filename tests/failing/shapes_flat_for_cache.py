"""A cache of layers gets the entry of one tensor (pytorch/pytorch#155862)."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, past):
        keys = [torch.cat([key, x], dim=1) for key, _ in past]
        return sum(key.sum(1) for key in keys) + sum(value.sum(1) for _, value in past)


def build():  # expect: DX107
    past = [(torch.rand(2, 3), torch.rand(2, 3)) for _ in range(2)]
    return Net(), (torch.rand(2, 1), past), {}, {"x": None, "past": {1: "length"}}
