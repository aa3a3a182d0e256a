import torch
from torch import nn


def make():
    return nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 3)), nn.utils.spectral_norm(nn.Linear(3, 3)))


def build():
    torch.manual_seed(0)
    return make(), (torch.rand(2, 3),)
