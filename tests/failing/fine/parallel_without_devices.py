"""A checkpoint is loaded into `DataParallel`, on a machine without devices (pytorch/pytorch#23431, #5315)."""

import torch


def build():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())
    return torch.nn.DataParallel(model).eval(), (torch.rand(2, 4),)
