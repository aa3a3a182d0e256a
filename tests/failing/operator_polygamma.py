"""A special function that nothing stands for (pytorch/pytorch#113444)."""

import torch


class Evidence(torch.nn.Module):
    def forward(self, alpha):
        spread = torch.polygamma(1, alpha)  # expect: DX301
        return spread / spread.sum(-1, keepdim=True)


def build():
    return Evidence(), (torch.rand(2, 3) + 1,)
