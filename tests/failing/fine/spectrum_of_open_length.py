"""A spectrogram of any length: torch cannot prove `1 % (1 + samples // 32) != 0`, which is always true."""

import torch
from torch import nn
from torch.export import Dim


class Spectrum(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(64))
        self.register_buffer("bank", torch.rand(10, 33))

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        spectrum = torch.stft(wave, 64, 32, window=self.window, return_complex=True)
        power = torch.view_as_real(spectrum).pow(2).sum(-1)
        return torch.log10((self.bank @ power).clamp(min=1e-6))


def build():
    torch.manual_seed(0)
    return Spectrum(), (torch.randn(1, 640),), {}, {"wave": {1: Dim("samples", min=320, max=16000)}}
