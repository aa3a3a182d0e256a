"""A `match` on a number in a tensor."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, mode):
        match mode.item():  # expect: DX101
            case 0 | 1:
                y = x
            case 2:
                y = -x
            case _:
                y = x * 0
        return y + 1


def build():
    return Net(), (torch.rand(2, 3), torch.tensor(2))
