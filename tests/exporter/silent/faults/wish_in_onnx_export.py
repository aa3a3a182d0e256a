import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        if torch.onnx.is_in_onnx_export():  # expect: DX422
            return x * 2
        return x * 2 + 0


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
