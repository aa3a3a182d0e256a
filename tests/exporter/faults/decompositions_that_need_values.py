"""An operator that reads values is one fault of the capture, and its decomposition says nothing more."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        spread = torch.cov(x)  # expect: DX102
        return spread @ torch.linalg.qr(x).R  # expect: DX301


def build():
    return Net(), (torch.rand(3, 3),)
