"""A layer runs in the layout of oneDNN (pytorch/pytorch#114188)."""

import torch


class Fast(torch.nn.Module):
    def forward(self, x):
        x = x.to_mkldnn()  # expect: DX308
        x = torch.relu(x)
        return x.to_dense()


def build():
    return Fast(), (torch.rand(2, 3, 4, 4),)
