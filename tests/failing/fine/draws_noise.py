"""The model draws random numbers: its graph is right, and there is nothing to compare (OHF-Voice/piper1-gpl#148)."""
# unverified: the numbers are drawn anew in each call

import torch


class Sample(torch.nn.Module):
    def forward(self, mean, spread):
        return mean + torch.randn_like(mean) * spread.exp()


def build():
    return Sample(), (torch.rand(2, 3), torch.rand(2, 3))
