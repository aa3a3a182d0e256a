"""What `to` gave back, which is the tensor itself, is written to and returned (pytorch/pytorch#137195)."""

import torch


class Shifted(torch.nn.Module):
    def forward(self, x):
        moved = (x + 1).to("cpu")
        moved.add_(5)
        return moved


def build():
    return Shifted(), (torch.rand(2, 3),)
