"""A block of a diffusion U-Net with its timestep embedding and its schedule (pytorch/pytorch#138195).

The schedule is a Python list that a tensor picks from; late steps take another way; a counter is kept in a buffer.
"""

import math

import torch
import torch.nn.functional as F

CHANNELS, GROUPS, TIME = 8, 4, 16


class TimeEmbedding(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Sequential(torch.nn.Linear(TIME, TIME), torch.nn.SiLU(), torch.nn.Linear(TIME, TIME))

    def forward(self, step):
        half = TIME // 2
        speed = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
        angle = step.float()[:, None] * speed
        return self.project(torch.cat([angle.sin(), angle.cos()], -1))


class ResidualBlock(torch.nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.first_norm = torch.nn.GroupNorm(GROUPS, inside)
        self.first = torch.nn.Conv2d(inside, outside, 3, padding=1)
        self.shift = torch.nn.Linear(TIME, 2 * outside)
        self.second_norm = torch.nn.GroupNorm(GROUPS, outside)
        self.second = torch.nn.Conv2d(outside, outside, 3, padding=1)
        self.skip = torch.nn.Conv2d(inside, outside, 1) if inside != outside else torch.nn.Identity()

    def forward(self, x, time):
        hidden = self.first(F.silu(self.first_norm(x)))
        scale, shift = self.shift(F.silu(time))[..., None, None].chunk(2, 1)
        hidden = self.second_norm(hidden) * (1 + scale) + shift
        return self.skip(x) + self.second(F.silu(hidden))


class SpatialAttention(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = torch.nn.GroupNorm(GROUPS, channels)
        self.qkv = torch.nn.Conv2d(channels, 3 * channels, 1)
        self.out = torch.nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        batch, channels, height, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, 3, 2, channels // 2, height * width)
        query, key, value = qkv.transpose(-1, -2).unbind(1)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return x + self.out(mixed.transpose(-1, -2).reshape(x.shape))


class Down(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)


class Up(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)

    def forward(self, x, like):
        return self.conv(F.interpolate(x, size=like.shape[-2:], mode="nearest"))


class Schedule(torch.nn.Module):
    def __init__(self, steps):
        super().__init__()
        betas = torch.linspace(1e-4, 0.02, steps)
        self.kept = (1 - betas).cumprod(0).tolist()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, noisy, noise, step):
        self.calls += 1  # expect: DX413
        kept = self.kept[step[0]]  # expect: DX102
        return (noisy - math.sqrt(1 - 0.5) * noise) * kept


class Denoiser(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.time = TimeEmbedding()
        self.enter = torch.nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.high = ResidualBlock(CHANNELS, CHANNELS)
        self.down = Down()
        self.middle = ResidualBlock(CHANNELS, CHANNELS)
        self.attention = SpatialAttention(CHANNELS)
        self.up = Up()
        self.low = ResidualBlock(2 * CHANNELS, CHANNELS)
        self.leave = torch.nn.Conv2d(CHANNELS, 3, 3, padding=1)
        self.schedule = Schedule(50)

    def noise(self, image, step):
        time = self.time(step)
        high = self.high(self.enter(image), time)
        low = self.middle(self.down(high), time)
        if step.max() > 25:  # expect: DX101
            low = self.attention(low)
        return self.leave(self.low(torch.cat([self.up(low, high), high], 1), time))

    def forward(self, image, step):
        return self.schedule(image, self.noise(image, step), step)


def build():
    torch.manual_seed(0)
    return Denoiser().eval(), (torch.rand(1, 3, 8, 8), torch.tensor([30]))
