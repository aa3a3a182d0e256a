"""As many rows are left as there are names for."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, keep):
        kept = x[keep]
        first, second = kept.unbind(0)  # expect: DX103
        return first - second


def build():
    return Net(), (torch.rand(4, 3), torch.tensor([True, False, True, False]))
