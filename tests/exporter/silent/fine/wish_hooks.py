import torch
from torch import nn


def pre(module, args, kwargs):
    return (args[0] * 2,), kwargs


def post(module, args, out):
    return out + 1


def make():
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    net[0].register_forward_pre_hook(pre, with_kwargs=True)
    net[0].register_forward_hook(post)
    return net


def build():
    torch.manual_seed(0)
    return make(), (torch.rand(2, 3),)
