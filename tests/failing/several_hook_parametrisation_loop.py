"""A hook decides, a parametrisation solves, and a loop counts by a tensor (pytorch/pytorch#167329, #27723)."""

import torch
from torch.nn.utils import parametrize


class Inverse(torch.nn.Module):
    def forward(self, weight):
        return torch.linalg.inv(weight + 4 * torch.eye(weight.shape[0]))  # expect: DX203


def guard(module, args):
    if not args[0].isfinite().all():  # expect: DX101
        return (args[0].nan_to_num(),)
    return args


class Iterate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.step = torch.nn.Linear(3, 3, bias=False)
        parametrize.register_parametrization(self.step, "weight", Inverse())
        self.step.register_forward_pre_hook(guard)

    def forward(self, x, turns):
        for _ in range(turns):  # expect: DX102
            x = self.step(x)
        return x


def build():
    torch.manual_seed(0)
    return Iterate().eval(), (torch.rand(2, 3), torch.tensor(2))
