"""A decision, a matrix inverse and a counter: capture, decomposition and translation have one fault each.

Taken from pytorch/pytorch#136756.
"""

import torch


class Whiten(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        if x.std() < 1e-3:  # expect: DX101
            x = x * 1000
        covariance = x.mT @ x / x.shape[0] + torch.eye(x.shape[1])
        self.seen += x.shape[0]  # expect: DX413
        return x @ torch.linalg.inv(covariance)  # expect: DX203


def build():
    return Whiten().eval(), (torch.rand(8, 3),)
