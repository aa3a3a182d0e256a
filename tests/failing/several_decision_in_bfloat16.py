"""Behind a decision waits a product that the runtime has no kernel for (pytorch/pytorch#143643)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(8, 4)

    def forward(self, x):
        if x.isinf().any():  # expect: DX101
            x = x.clamp(-1, 1)
        return self.linear(x)  # expect: DX602


def build():
    return Net().eval().bfloat16(), (torch.rand(2, 8, dtype=torch.bfloat16),)
