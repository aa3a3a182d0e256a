import torch
from torch import nn


def make():
    return torch.compile(nn.Sequential(nn.Linear(3, 3), nn.ReLU()))


def build():
    torch.manual_seed(0)
    return make(), (torch.rand(2, 3),)
