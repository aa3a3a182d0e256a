"""A library replaces functions of torch by its own, one of which fails (pytorch/pytorch#153086)."""

# runs: onnxdx export {program}:build

import torch

ORIGINAL = torch.nn.functional.relu


def checked(x, inplace=False):
    if x.isnan().any():  # expect: DX101
        raise ValueError("nan")
    return ORIGINAL(x, inplace)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        return torch.nn.functional.relu(self.linear(x))


def build():
    torch.nn.functional.relu = checked
    return Net().eval(), (torch.rand(2, 4),)
