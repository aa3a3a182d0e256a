"""Forces by `torch.func.grad` of an energy, which torch captures without its input (pytorch/pytorch#153063)."""

import torch


class Forces(torch.nn.Module):
    def energy(self, places):
        return (places**3).sum() + places.sin().sum()

    def forward(self, places):
        return -torch.func.grad(self.energy)(places)  # expect: DX129


def build():
    return Forces(), (torch.rand(5, 3),)
