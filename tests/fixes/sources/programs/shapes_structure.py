"""A list of tensors with the entry of one tensor, and a name with a typo."""

import torch


class Net(torch.nn.Module):
    def forward(self, parts, weight):
        return (parts[0] + parts[1]) * weight


def build():  # expect: DX107
    parts = [torch.rand(2, 3), torch.rand(2, 3)]
    return Net(), (parts, torch.rand(2, 3)), {}, {"parts": {0: "rows"}, "weigth": {0: "rows"}}
