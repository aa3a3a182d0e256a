"""The boxes of all levels of a detector are scaled in place (pytorch/pytorch#74801)."""

import torch


class Head(torch.nn.Module):
    def forward(self, levels):
        for level, stride in zip(levels, (8, 16), strict=True):
            level[:, 2:4] = torch.exp(level[:, 2:4]) * stride  # expect: DX414
        return torch.cat([level.flatten(2) for level in levels], 2)


def build():
    return Head(), ([torch.rand(1, 5, 4, 4), torch.rand(1, 5, 2, 2)],)
