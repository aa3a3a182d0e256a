"""Windows of four in an image of two named sides: the sides are multiples, and all that follows from that is silent."""

import torch
from torch import nn
from torch.export import Dim


def to_windows(x: torch.Tensor, size: int) -> torch.Tensor:
    batch, height, width, channels = x.shape
    x = x.view(batch, height // size, size, width // size, size, channels)  # expect: DX105
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, channels)


def from_windows(x: torch.Tensor, size: int, height: int, width: int) -> torch.Tensor:
    batch = x.shape[0] // (height * width // size // size)
    x = x.view(batch, height // size, width // size, size, size, -1)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(batch, height, width, -1)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(16, 16)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        height, width = image.shape[1:3]
        windows = to_windows(image, 4)
        mixed = self.mix(windows.transpose(1, 2)).transpose(1, 2)
        return image + from_windows(mixed, 4, height, width)


def build():
    torch.manual_seed(0)
    sides = {1: Dim("height", min=4, max=64), 2: Dim("width", min=4, max=64)}
    return Block(), (torch.randn(1, 8, 8, 3),), {}, {"image": sides}
