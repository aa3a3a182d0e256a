"""NumPy in the middle, windows that need an even length, and an inverse (pytorch/pytorch#148779)."""

import numpy as np
import torch
from torch.export import Dim


class Net(torch.nn.Module):
    def forward(self, x, mixing):
        gain = torch.from_numpy(np.interp([0.25, 0.75], [0.0, 1.0], mixing[0].numpy()))  # expect: DX110
        pairs = x.view(-1, 2)  # expect: DX105
        return pairs @ torch.linalg.inv(mixing) * gain  # expect: DX203


def build():
    return Net(), (torch.rand(6), torch.rand(2, 2) + torch.eye(2)), {}, {"x": {0: Dim("length")}, "mixing": None}
