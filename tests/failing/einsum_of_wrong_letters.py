"""The equation names an axis that the tensor does not have (salesforce/CodeGen#19)."""

import torch


class Net(torch.nn.Module):
    def forward(self, q, k):
        return torch.einsum("bhqd,bhkd->bhqk", q, k)  # expect: DX116


def build():
    return Net(), (torch.rand(1, 2, 3, 4), torch.rand(2, 3, 4))
