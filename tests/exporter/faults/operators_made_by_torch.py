"""An operator that torch makes of another one on the way is told with the one that the user calls, on his line."""

import torch


class Net(torch.nn.Module):
    def forward(self, matrices, x):
        inverses = torch.vmap(torch.linalg.inv)(matrices)  # expect: DX301
        solved = torch.linalg.solve(matrices, x)  # expect: DX203
        norm = torch.linalg.matrix_norm(matrices, 2)  # expect: DX203
        return inverses @ solved, norm


def build():
    return Net(), (torch.eye(3).repeat(2, 1, 1), torch.rand(2, 3, 1))
