"""A list of tensors with the entry of one tensor (pytorch/pytorch#148333)."""

import torch


class Net(torch.nn.Module):
    def forward(self, parts, y):
        return parts[0] + parts[1] + y


def build():  # expect: DX107
    return Net(), ([torch.rand(2), torch.rand(2)], torch.rand(2)), {}, {"parts": {0: "rows"}, "y": None}
