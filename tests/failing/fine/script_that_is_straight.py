"""A scripted function without branches, one that is scripted only when traced, and a traced layer.

Taken from pytorch/pytorch#112844.
"""

# prints: FutureWarning: .torch.jit
# prints: ^\s+warnings.warn\($

import torch


@torch.jit.script
def swish(x: torch.Tensor, beta: float) -> torch.Tensor:
    return x * torch.sigmoid(beta * x)


@torch.jit.script_if_tracing
def halved(x):
    return x / 2


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.traced = torch.jit.trace(torch.nn.Linear(4, 2), torch.rand(1, 4))

    def forward(self, x):
        return halved(swish(self.traced(x), 1.5))


def build():
    return Net().eval(), (torch.rand(3, 4),)
