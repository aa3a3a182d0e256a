"""Real quantised tensors between a stub that quantises and one that does not (pytorch/executorch#8727)."""

import torch


class Stubs(torch.nn.Module):
    def forward(self, x):
        low = torch.quantize_per_tensor(x, 0.05, 10, torch.quint8)  # expect: DX301
        return low.dequantize() + 1  # expect: DX301


def build():
    return Stubs(), (torch.rand(2, 4),)
