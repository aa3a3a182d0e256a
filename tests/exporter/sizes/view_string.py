"""A view in pairs needs an even size, in PyTorch too."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x.view(-1, 2).sum(1)  # expect: DX125


def build():
    return Net(), (torch.rand(6),), {}, {"x": {0: "rows"}}
