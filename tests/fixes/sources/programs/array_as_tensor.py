"""A NumPy array is the sample input."""

import numpy as np
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return torch.as_tensor(x) * 2


def build():  # expect: DX108
    return Net(), (np.ones(3, dtype="float32"),)
