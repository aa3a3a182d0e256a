"""Custom operators with a Python body, of the kinds that models have: each with the inputs of one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F


def operator(name: str) -> Callable[[Callable[..., Any]], Any]:
    """A custom operator whose fake kernel is its body, on tensors without values."""

    def define(body: Callable[..., Any]) -> Any:
        made = torch.library.custom_op(f"bodies::{name}", body, mutates_args=())
        made.register_fake(body)
        return made

    return define


@operator("swiglu")
def swiglu(x: torch.Tensor, gate: torch.Tensor, limit: float) -> torch.Tensor:
    return F.silu(gate.clamp(max=limit)) * x.clamp(-limit, limit)


@operator("rms_norm")
def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    return (x.float() * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype) * weight


@operator("rotary")
def rotary(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


@operator("focal")
def focal(scores: torch.Tensor, labels: torch.Tensor, gamma: float) -> torch.Tensor:
    picked = F.log_softmax(scores, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    return -((1 - picked.exp()) ** gamma * picked).mean()


@operator("boxes_apart")
def boxes_apart(boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    low, high = boxes[:, :2], boxes[:, 2:]
    return (low + high) / 2, (high - low).clamp(min=0).prod(-1)


@operator("overlaps")
def overlaps(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    low = torch.maximum(one[:, None, :2], other[None, :, :2])
    high = torch.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area = (one[:, 2:] - one[:, :2]).prod(-1)[:, None] + (other[:, 2:] - other[:, :2]).prod(-1)[None]
    return shared / (area - shared)


@operator("windows")
def windows(x: torch.Tensor, size: int) -> torch.Tensor:
    b, h, w, c = x.shape
    parts = x.view(b, h // size, size, w // size, size, c).permute(0, 1, 3, 2, 4, 5)
    return parts.reshape(-1, size * size, c)


@operator("segment_mean")
def segment_mean(x: torch.Tensor, segments: torch.Tensor, count: int) -> torch.Tensor:
    total = x.new_zeros(count, x.shape[1]).index_add(0, segments, x)
    rows = x.new_zeros(count).index_add(0, segments, x.new_ones(x.shape[0]))
    return total / rows.clamp(min=1)[:, None]


@operator("smooth")
def smooth(x: torch.Tensor, steps: int) -> torch.Tensor:
    kernel = torch.tensor([0.25, 0.5, 0.25]).view(1, 1, 3)
    y = x.unsqueeze(1)
    for _ in range(steps):
        y = F.conv1d(F.pad(y, (1, 1), mode="replicate"), kernel)
    return y.squeeze(1)


@operator("attend")
def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None, scale: float) -> torch.Tensor:
    weights = q @ k.transpose(-1, -2) * scale
    if mask is not None:
        weights = weights.masked_fill(~mask, float("-inf"))
    return weights.softmax(-1) @ v


@operator("quantize")
def quantize(x: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    most = 2 ** (bits - 1) - 1
    scale = x.abs().amax(-1, keepdim=True) / most
    return torch.round(x / scale).clamp(-most - 1, most).to(torch.int8), scale


@operator("spectrum")
def spectrum(x: torch.Tensor, floor: float) -> torch.Tensor:
    return torch.fft.rfft(x * torch.hann_window(x.shape[-1])).abs().clamp(min=floor).log()


def _boxes(count: int) -> torch.Tensor:
    low = torch.rand(count, 2)
    return torch.cat([low, low + torch.rand(count, 2)], -1)


INPUTS: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
    "swiglu": (swiglu, lambda: (torch.randn(2, 6), torch.randn(2, 6), 1.5)),
    "rms_norm": (rms_norm, lambda: (torch.randn(2, 5, 8), torch.randn(8), 1e-6)),
    "rotary": (rotary, lambda: (torch.randn(2, 3, 5, 8), torch.randn(5, 8), torch.randn(5, 8))),
    "focal": (focal, lambda: (torch.randn(6, 4), torch.randint(0, 4, (6,)), 2.0)),
    "boxes_apart": (boxes_apart, lambda: (_boxes(5),)),
    "overlaps": (overlaps, lambda: (_boxes(5), _boxes(3))),
    "windows": (windows, lambda: (torch.randn(2, 8, 6, 3), 2)),
    "segment_mean": (segment_mean, lambda: (torch.randn(7, 3), torch.randint(0, 4, (7,)), 5)),
    "smooth": (smooth, lambda: (torch.randn(2, 9), 3)),
    "attend": (attend, lambda: (*torch.randn(3, 2, 4, 5, 8).unbind(), torch.ones(5, 5).tril().bool(), 0.35)),
    "quantize": (quantize, lambda: (torch.randn(3, 8), 8)),
    "spectrum": (spectrum, lambda: (torch.randn(2, 16), 1e-3)),
}
"""Each operator with what makes the arguments of a call."""
