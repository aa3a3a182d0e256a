"""The model, one of its layers and a function are compiled, one region is marked (pytorch/pytorch#150926)."""

import torch


@torch.compile(backend="eager")
def doubled(x):
    return x.sin() * 2


@torch.compiler.nested_compile_region
def block(x):
    return x.cos() + 1


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.compile(torch.nn.Linear(4, 4), backend="eager")

    def forward(self, x):
        return block(block(doubled(self.layer(x))))


def build():
    return torch.compile(Net().eval(), backend="eager"), (torch.rand(2, 4),)
