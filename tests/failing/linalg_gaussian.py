"""A covariance is taken apart and solved: two operators of linear algebra (pytorch/pytorch#103571)."""

import torch


class Whiten(torch.nn.Module):
    def forward(self, x):
        covariance = x.T @ x + torch.eye(4)
        factor = torch.linalg.cholesky(covariance)  # expect: DX203
        return torch.linalg.solve_triangular(factor, x.T, upper=False)  # expect: DX301


def build():
    return Whiten(), (torch.rand(6, 4),)
