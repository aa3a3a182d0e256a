"""A buffer that is written, and a product that ONNX Runtime has no kernel for: the first is a warning and does not
keep the second from being told (onnx/onnx#7393)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.weight = torch.nn.Parameter(torch.rand(4, 4, dtype=torch.bfloat16))

    def forward(self, x):
        self.calls += 1  # expect: DX413
        y = x.bfloat16() @ self.weight  # expect: DX602
        return y.float() + self.calls


def build():
    return Net(), (torch.rand(2, 4),)
