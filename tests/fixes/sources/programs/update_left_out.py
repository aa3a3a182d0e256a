"""A counter of calls that nothing reads."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.tensor(4.0))

    def forward(self, x):
        self.calls.add_(1.0)  # expect: DX413
        return torch.relu(x)


def build():
    return Net(), (torch.rand(3),)
