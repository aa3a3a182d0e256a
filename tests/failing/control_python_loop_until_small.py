"""An iteration in Python that goes on while the residual is large (pytorch/pytorch#146674)."""

import torch


class Solve(torch.nn.Module):
    def forward(self, matrix, x):
        while (matrix @ x - 1).norm() > 1e-2:  # expect: DX101
            x = x - 0.5 * (matrix @ x - 1)
        return x


def build():
    return Solve(), (torch.eye(3) * 0.9, torch.zeros(3))
