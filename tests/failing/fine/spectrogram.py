"""The power of a short-time Fourier transform (pytorch/pytorch#113067)."""

import torch


class Spectrogram(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(8))

    def forward(self, audio):
        found = torch.stft(audio, 8, hop_length=4, window=self.window, return_complex=True)
        return found.abs() ** 2


def build():
    return Spectrogram(), (torch.rand(1, 32),)
