import torch
import torch.nn.utils.parametrize as P
from torch import nn


class Symmetric(nn.Module):
    def forward(self, w):
        return w.triu() + w.triu(1).T


def make():
    lin = nn.Linear(3, 3)
    P.register_parametrization(lin, "weight", Symmetric())
    wn = torch.nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))
    sn = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3))
    return nn.Sequential(lin, wn, sn)


def build():
    torch.manual_seed(0)
    return make(), (torch.rand(2, 3),)
