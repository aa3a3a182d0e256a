"""A function is scripted because it decides by values (pytorch/pytorch#112844)."""

# prints: FutureWarning: .torch.jit
# prints: ^\s+warnings.warn\($

import torch


@torch.jit.script
def clipped(x: torch.Tensor) -> torch.Tensor:
    if bool(x.abs().max() > 1.0):  # expect: DX101
        return x / x.abs().max()
    return x


class Net(torch.nn.Module):
    def forward(self, x):
        return clipped(x) + 1


def build():
    return Net(), (torch.rand(4) * 3,)
