"""Turns counted by a tensor, a linear system, and a buffer that is written (pytorch/pytorch#133052)."""

import torch


class Tracker(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("updates", torch.zeros(()))

    def forward(self, matrix, seen, steps):
        self.updates += 1  # expect: DX413
        for _ in range(int(steps)):  # expect: DX102
            matrix = matrix + torch.eye(3)
        return torch.linalg.solve(matrix, seen) / self.updates  # expect: DX203


def build():
    return Tracker(), (torch.rand(3, 3), torch.rand(3, 1), torch.tensor(4))
