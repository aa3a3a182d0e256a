"""A running product of complex numbers: ONNX has it for real ones (pytorch/pytorch#126972)."""

import torch


class Phases(torch.nn.Module):
    def forward(self, x):
        steps = torch.view_as_complex(x)
        return torch.view_as_real(steps.cumprod(-1))  # expect: DX303


def build():
    return Phases(), (torch.rand(2, 4, 2),)
