"""A region of `forward` is cast to bfloat16 by autocast (pytorch/pytorch#136545, #158658)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(8, 4)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.linear(x)  # expect: DX602
        return hidden.float()


def build():
    return Net().eval(), (torch.rand(2, 8),)
