"""Hooks before and after the model and its layers change what flows (pytorch/pytorch#167329)."""

import torch


def doubled(module, args):
    return (args[0] * 2,)


def shifted(module, args, output):
    return output + 1


def build():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh()).eval()
    model.register_forward_pre_hook(doubled)
    model.register_forward_hook(shifted)
    model[1].register_forward_hook(shifted)
    return model, (torch.rand(2, 4),)
