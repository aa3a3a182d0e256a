"""Inputs on which a candidate is held against eager: the model's own, others like them, edge values, other sizes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.fixes.operators.function_text import About
from onnxdx.fixes.operators.uses import Arguments, Use
from onnxdx.shapes.other_sizes import along


@dataclass(frozen=True)
class Draw:
    """Arguments to try. `what` says in a few words what they are, `strange` that a model need not stand them, `tied`
    that many elements are equal, `far` that they are of another size than the model's.

    `changes` is what of the use they change; None when it is the values alone.
    """

    what: str
    arguments: Arguments
    strange: bool = False
    tied: bool = False
    far: bool = False
    changes: About | None = None


def draws(use: Use) -> Iterator[Draw]:
    """The given values first; then draws that hold other values of the same kind; then other sizes."""
    given = use.arguments
    yield Draw("the values of the model" if use.real else "random values", given)
    generator = torch.Generator().manual_seed(1)
    yield Draw("near values", _mapped(given, lambda x: _near(x, generator)))
    yield Draw("the same values in another order", _mapped(given, lambda x: _shuffled(x, generator)))
    yield Draw("random values", _mapped(given, lambda x: _random(x, generator)))
    yield Draw("negative values", _mapped(given, lambda x: -_random(x, generator).abs() if _is_signed_float(x) else x))
    yield Draw("zeros", _mapped(given, lambda x: torch.zeros_like(x) if _is_float(x) else x), tied=True)
    yield Draw("ties", _mapped(given, lambda x: _rounded(_random(x, generator))), tied=True)
    yield Draw("large values", _mapped(given, lambda x: _random(x, generator) * 50 if _is_float(x) else x), far=True)
    yield Draw("small values", _mapped(given, lambda x: _random(x, generator) / 500 if _is_float(x) else x), far=True)
    yield Draw("NaN and infinity", _mapped(given, lambda x: _spoiled(x, generator)), strange=True)
    yield from other_sizes(use, generator)
    yield Draw(
        "one dimension more", _mapped(given, lambda x: torch.stack([x, _near(x, generator)])), changes=About.RANK
    )
    for dtype in (torch.float64, torch.float16):
        converted = _mapped(given, functools.partial(_converted, to=dtype))
        yield Draw(str(dtype).removeprefix("torch."), converted, changes=About.DTYPE)


def other_sizes(use: Use, generator: torch.Generator) -> Iterator[Draw]:
    """Each group of equal sizes made larger and smaller, whatever eager takes of that; then all sizes at once."""
    leaves = use.arguments.leaves()
    sizes = sorted({size for _, leaf in leaves if isinstance(leaf, torch.Tensor) for size in leaf.shape if size > 1})
    for size in sizes:
        for other in (size + 3, max(size - 1, 1)):
            yield Draw(
                f"size {other} for {size}", _resized(use.arguments, {size: other}, generator), changes=About.SIZE
            )
    if len(sizes) > 1:
        yield Draw(
            "larger sizes", _resized(use.arguments, {size: size + 2 for size in sizes}, generator), changes=About.SIZE
        )


def _mapped(arguments: Arguments, change: Callable[[torch.Tensor], torch.Tensor]) -> Arguments:
    return arguments.with_leaves(
        [change(leaf) if isinstance(leaf, torch.Tensor) and leaf.numel() else leaf for _, leaf in arguments.leaves()]
    )


def _resized(arguments: Arguments, sizes: Mapping[int, int], generator: torch.Generator) -> Arguments:
    def resized(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        for axis, size in enumerate(value.shape):
            value = along(value, axis, sizes.get(size, size))
        return _near(value, generator)

    return arguments.with_leaves([resized(leaf) for _, leaf in arguments.leaves()])


def _is_float(x: torch.Tensor) -> bool:
    return x.dtype.is_floating_point or x.dtype.is_complex


def _is_signed_float(x: torch.Tensor) -> bool:
    return x.dtype.is_floating_point


def _near(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Floats a little larger or smaller, everything else as it is."""
    if not _is_float(x):
        return x
    factors = 0.9 + 0.2 * torch.rand(x.shape, generator=generator, dtype=torch.float64)
    return (x * factors.to(x.dtype.to_real())).to(x.dtype)


def _shuffled(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return x.flatten()[torch.randperm(x.numel(), generator=generator)].reshape(x.shape)


def _rounded(x: torch.Tensor) -> torch.Tensor:
    if x.dtype.is_complex:
        return torch.view_as_complex(torch.view_as_real(x).round())
    return x.round() if x.dtype.is_floating_point else x


def _converted(x: torch.Tensor, to: torch.dtype) -> torch.Tensor:
    return x.to(to) if x.dtype.is_floating_point else x


def _random(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Other values in the range of these: floats about as large, integers from the lowest to the highest."""
    if x.dtype is torch.bool:
        return torch.rand(x.shape, generator=generator) < 0.5
    if not _is_float(x):
        low, high = int(x.min()), int(x.max())
        return torch.randint(low, high + 1, x.shape, generator=generator).to(x.dtype)
    finite = torch.where(x.isfinite(), x, 0).abs()
    scale = float(finite.max()) or 1.0
    if x.dtype.is_complex:
        return (torch.randn(x.shape, generator=generator, dtype=torch.complex128) * scale / 2).to(x.dtype)
    noise = torch.randn(x.shape, generator=generator, dtype=torch.float64) * scale / 2
    return (noise.abs() if bool((x >= 0).all()) else noise).to(x.dtype)


def _spoiled(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if not _is_float(x):
        return x
    spoiled = x.clone().flatten()
    places = torch.randperm(x.numel(), generator=generator)
    for place, value in zip(places.tolist(), (float("nan"), float("inf"), float("-inf")), strict=False):
        spoiled[place] = value
    return spoiled.reshape(x.shape)
