"""A speech front-end: dither, short-time spectra, mel bands and a voice detector (pytorch/pytorch#113067, #65666).

Dither comes from Python's random numbers; the noise floor is a median that skips what is missing; silence ends early.
"""

import math
import random

import torch
import torch.nn.functional as F

RATE, WINDOW, HOP, BANDS = 8000, 64, 32, 10


def mel(hertz):
    return 2595 * math.log10(1 + hertz / 700)


def hertz(mels):
    return 700 * (10 ** (mels / 2595) - 1)


def filters():
    low, high = mel(20.0), mel(RATE / 2)
    edges = torch.tensor([hertz(low + (high - low) * step / (BANDS + 1)) for step in range(BANDS + 2)])
    bins = torch.linspace(0, RATE / 2, WINDOW // 2 + 1)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0)


class Dither(torch.nn.Module):
    def __init__(self, amount):
        super().__init__()
        self.amount = amount

    def forward(self, wave):
        return wave + self.amount * random.random()  # expect: DX115


class Emphasis(torch.nn.Module):
    def forward(self, wave):
        return torch.cat([wave[:, :1], wave[:, 1:] - 0.97 * wave[:, :-1]], 1)


class Spectrum(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW))

    def forward(self, wave):
        spectrum = torch.stft(wave, WINDOW, HOP, window=self.window, center=True, return_complex=True)
        return spectrum.real.square() + spectrum.imag.square()


class Bands(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("filters", filters())

    def forward(self, power):
        return (self.filters.mT @ power).clamp(min=1e-6).log()


class Floor(torch.nn.Module):
    """Takes away what is there most of the time."""

    def forward(self, bands, valid):
        gaps = bands.masked_fill(~valid[:, None], float("nan"))
        floor = torch.nanmedian(gaps, dim=-1, keepdim=True).values  # expect: DX301
        return (bands - floor).clamp(min=0)


class Normalise(torch.nn.Module):
    def forward(self, bands, valid):
        weight = valid[:, None].float()
        count = weight.sum(-1, keepdim=True)
        mean = (bands * weight).sum(-1, keepdim=True) / count
        spread = ((bands - mean).square() * weight).sum(-1, keepdim=True) / count
        return (bands - mean) * torch.rsqrt(spread + 1e-5)


class Context(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(BANDS, 12, 5, padding=2)
        self.rnn = torch.nn.GRU(12, 8, batch_first=True, bidirectional=True)

    def forward(self, bands):
        hidden = F.gelu(self.conv(bands)).transpose(1, 2)
        return self.rnn(hidden)[0]


class FrontEnd(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dither = Dither(0.1)
        self.emphasis = Emphasis()
        self.spectrum = Spectrum()
        self.bands = Bands()
        self.floor = Floor()
        self.normalise = Normalise()
        self.context = Context()
        self.voiced = torch.nn.Linear(16, 1)

    def forward(self, wave, lengths):
        power = self.spectrum(self.emphasis(self.dither(wave)))
        steps = torch.arange(power.shape[-1])
        valid = steps < (lengths // HOP + 1)[:, None]
        bands = self.floor(self.bands(power), valid)
        if bands.amax() <= 0:  # expect: DX101
            return torch.zeros(wave.shape[0], power.shape[-1])
        hidden = self.context(self.normalise(bands, valid))
        return self.voiced(hidden).squeeze(-1).sigmoid() * valid


def build():
    torch.manual_seed(0)
    return FrontEnd().eval(), (torch.randn(2, 320), torch.tensor([320, 200]))
