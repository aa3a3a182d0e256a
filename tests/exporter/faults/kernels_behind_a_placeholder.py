"""Beside an operator without an ONNX function, two have no kernel for float64."""

import torch
from torch.nn import functional


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = torch.nn.Parameter(torch.ones(2, 3, 3, 3))

    def forward(self, image):
        common = torch.mode(image).values  # expect: DX301
        features = functional.conv2d(image, self.kernel)  # expect: DX602
        return torch.tan(features) * common.mean()  # expect: DX602


def build():
    return Net().double(), (torch.rand(1, 3, 8, 8, dtype=torch.float64),)
