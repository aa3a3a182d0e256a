import torch
from torch import nn

CALLS = {"n": 0}


def hook(module, args, out):
    CALLS["n"] += 1


def make():
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    net[0].register_forward_hook(hook)
    return net


def build():
    torch.manual_seed(0)
    return make(), (torch.rand(2, 3),)
