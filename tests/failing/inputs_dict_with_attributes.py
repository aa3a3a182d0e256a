"""A dict whose entries are attributes too (pytorch/pytorch#120219)."""

import torch


class Batch(dict):  # expect: DX108
    def __getattr__(self, name):
        return self[name]


class Net(torch.nn.Module):
    def forward(self, batch):
        return batch.x + batch.y


def build():
    return Net(), (Batch(x=torch.rand(3), y=torch.rand(3)),)
