"""`.item()` stays symbolic."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, n):
        return x[: n.item()]


def build():
    return Net(), (torch.rand(8), torch.tensor(5))
