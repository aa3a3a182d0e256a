"""`and` asks for the truth of its first operand."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        both = x.any() and y.any()  # expect: DX101
        return x.float() * both


def build():
    return Net(), (torch.tensor([True, False]), torch.tensor([True, True]))
