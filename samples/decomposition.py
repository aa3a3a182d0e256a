"""Fails in decomposition: a composite operator of an audio library ends in a kernel that has no ONNX function."""

import torch
from torch import nn

library = torch.library.Library("audiokit", "DEF")
library.define("one_pole(Tensor power, float decay) -> Tensor")
library.define("loudness(Tensor wave, float decay) -> Tensor")


@torch.library.impl(library, "one_pole", "CPU")
def one_pole(power: torch.Tensor, decay: float) -> torch.Tensor:
    """The running mean of a signal, sample by sample: a kernel, of which a graph sees only the name."""
    level, levels = torch.zeros_like(power[..., 0]), []
    for sample in power.unbind(-1):
        level = decay * level + (1 - decay) * sample
        levels.append(level)
    return torch.stack(levels, -1)


@torch.library.register_fake("audiokit::one_pole")
def _(power: torch.Tensor, decay: float) -> torch.Tensor:
    return torch.empty_like(power)


@torch.library.impl(library, "loudness", "CompositeImplicitAutograd")
def loudness(wave: torch.Tensor, decay: float) -> torch.Tensor:
    """The level of a signal in decibels: a composite operator, made of those above and of torch's."""
    return 10 * torch.ops.audiokit.one_pole(wave.square(), decay).clamp(min=1e-10).log10()


class NoiseGate(nn.Module):
    """Fades out what is not loud enough."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(-20.0))

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        level = torch.ops.audiokit.loudness(wave, 0.9)  # expect: DX203
        return wave * torch.sigmoid(level - self.threshold)


def build():
    torch.manual_seed(0)
    return NoiseGate(), (torch.randn(2, 64),)
