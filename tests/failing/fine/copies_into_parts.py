"""Tensors copied into parts of others: broadcast, of another dtype, into complex ones, as Fourier operators do."""

import torch
from torch import nn
from torch.export import Dim


class Copies(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, ...]:
        patched = x.clone()
        patched[:, 1:3] = y[:, :1]
        counted = torch.zeros(x.shape[0], 4, dtype=torch.int64)
        counted[:, :2] = y[:, :2]
        spectrum = torch.zeros(x.shape[0], 4, dtype=torch.cfloat)
        spectrum[..., :2] = torch.view_as_complex(torch.stack([y[:, :2], x[:, :2]], -1))
        spectrum[:, 3:] = y[:, :1]
        whole = x.clone()
        whole.copy_(y[:, :1])
        return patched, counted, spectrum.real, spectrum.imag, whole


def build():
    torch.manual_seed(0)
    rows = Dim("rows", max=16)
    return Copies(), (torch.randn(3, 4), torch.randn(3, 4) * 3), {}, {"x": {0: rows}, "y": {0: rows}}
