"""Two decisions and one number: all three are told, in one run."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            x = x + 1
        if torch.isnan(x).any():  # expect: DX101
            x = torch.nan_to_num(x)
        rows = int(x[0])  # expect: DX102
        return x.view(rows, -1)


def build():
    return Net(), (torch.ones(8),)
