import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        if not torch.compiler.is_exporting():
            print("eager")
        if torch.jit.is_scripting():
            return x
        return x * 2


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
