import torch
from torch import nn

STEP = 0


def next_scale():
    global STEP
    STEP += 1  # expect: DX115
    return STEP


class Net(nn.Module):
    def forward(self, x):
        return x * next_scale()


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
