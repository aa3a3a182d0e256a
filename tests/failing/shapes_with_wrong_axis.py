"""An axis that the tensor does not have; torch's strict mode would drop it without a word."""

import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x):
        return x * 2


def build():  # expect: DX107
    return Net(), (torch.rand(2),), {}, {"x": {2: Dim("rows")}}
