"""A keyword that `forward` does not know (pytorch/pytorch#164313)."""

import torch


class Net(torch.nn.Module):
    def forward(self, ids):
        return ids * 2


def build():  # expect: DX116
    return Net(), (torch.rand(2, 3),), {"attention_mask": torch.ones(2, 3)}
