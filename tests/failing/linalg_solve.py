"""A linear system per item of the batch (pytorch/pytorch#133052)."""

import torch


class Solve(torch.nn.Module):
    def forward(self, matrix, right):
        matrix = matrix + 4 * torch.eye(3)
        return torch.linalg.solve(matrix, right)  # expect: DX203


def build():
    return Solve(), (torch.rand(2, 3, 3), torch.rand(2, 3, 1))
