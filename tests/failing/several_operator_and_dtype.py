"""A custom operator without fake kernel, a mean of integers, and a buffer that is written (pytorch/pytorch#136869)."""

import torch
from torch.nn import functional as F


@torch.library.custom_op("several_operator_and_dtype::mix", mutates_args=())
def mix(x: torch.Tensor) -> torch.Tensor:
    return x.flip(-1)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, x, labels):
        mixed = mix(x)  # expect: DX111, DX301
        self.seen.copy_(x.mean(0))  # expect: DX413
        coarse = F.avg_pool2d(labels, 2)  # expect: DX304
        return mixed + self.seen, coarse


def build():
    return Net(), (torch.rand(2, 4), torch.randint(0, 9, (1, 1, 4, 4)))
