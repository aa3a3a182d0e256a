"""A model in bfloat16, for which the CPU of ONNX Runtime has no matrix product (pytorch/pytorch#143643)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(8, 4)

    def forward(self, x):
        return self.linear(x)  # expect: DX602


def build():
    return Net().eval().bfloat16(), (torch.rand(2, 8, dtype=torch.bfloat16),)
