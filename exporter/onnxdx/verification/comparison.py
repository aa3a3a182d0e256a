"""Comparing tensors of ONNX Runtime with those of eager: dtype, shape, NaN, Inf, and closeness by dtype.

Tolerances are relative to the tensor's own scale, so that small outputs are not excused: an element agrees when
|onnx - eager| <= relative * |eager| + of_peak * max|eager|.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from onnxdx.user_code.provenance import short_dtype


@dataclass(frozen=True)
class Tolerance:
    """`relative` to each element, `of_peak` to the largest finite magnitude of the tensor."""

    relative: float
    of_peak: float


_TOLERANCES = {
    torch.float64: Tolerance(1e-7, 1e-9),
    torch.float32: Tolerance(1e-4, 2e-5),
    torch.float16: Tolerance(1e-2, 4e-3),
    torch.bfloat16: Tolerance(4e-2, 2e-2),
}
_EIGHT_BITS = Tolerance(0.13, 0.07)
_MASK = 1e15
"""Magnitudes from here on are masks ("minus infinity" in finite numbers); they do not set the scale of a tensor."""


@dataclass(frozen=True)
class Comparison:
    """How one output compares. `contract` says what is wrong with dtype or shape, `numbers` with the values."""

    contract: str = ""
    numbers: str = ""
    max_abs: float = 0.0
    max_rel: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether nothing is wrong."""
        return not self.contract and not self.numbers


def compare(onnx: torch.Tensor, eager: torch.Tensor, precision: torch.dtype = torch.float64) -> Comparison:
    """Compare one tensor of ONNX Runtime with the one of eager. Complex eager tensors are compared as real pairs.

    `precision` is the coarsest type that the tensor was computed in, when that is coarser than its own.
    """
    if eager.is_complex():
        eager = torch.view_as_real(eager.resolve_conj())
    eager = eager.detach().cpu()
    if onnx.dtype is not eager.dtype:
        return Comparison(contract=f"its dtype is {short_dtype(onnx.dtype)}, not {short_dtype(eager.dtype)}")
    if onnx.shape != eager.shape:
        return Comparison(contract=f"its shape is {list(onnx.shape)}, not {list(eager.shape)}")
    if eager.numel() == 0:
        return Comparison()
    if not eager.dtype.is_floating_point:
        return _exact(onnx, eager)
    coarsest = max(eager.dtype, precision, key=lambda dtype: torch.finfo(dtype).eps)
    return _close(onnx, eager, _TOLERANCES.get(coarsest, _EIGHT_BITS))


def _exact(onnx: torch.Tensor, eager: torch.Tensor) -> Comparison:
    wrong = onnx != eager
    count = int(wrong.sum())
    if not count:
        return Comparison()
    pairs = zip(onnx[wrong].tolist(), eager[wrong].tolist(), strict=True)
    largest = float(max(abs(got - want) for got, want in pairs))
    return Comparison(numbers=f"{count} of {eager.numel()} elements differ, by up to {largest:g}", max_abs=largest)


def _close(onnx: torch.Tensor, eager: torch.Tensor, tolerance: Tolerance) -> Comparison:
    got, want = onnx.double(), eager.double()
    nan = got.isnan() != want.isnan()
    infinite = (got.isinf() | want.isinf()) & (got != want) & ~nan
    finite = got.isfinite() & want.isfinite()
    ordinary = finite & (want.abs() < _MASK)
    difference = torch.where(finite, (got - want).abs(), 0.0)
    magnitude = torch.where(finite, want.abs(), 0.0)
    peak = float(torch.where(ordinary, magnitude, 0.0).max())
    wrong = difference > tolerance.relative * magnitude + tolerance.of_peak * peak
    max_abs = float(difference.max())
    floor = max(peak * 1e-6, torch.finfo(torch.float64).tiny)
    max_rel = float((difference / magnitude.clamp(min=floor)).max())
    parts = []
    if bool(nan.any()):
        parts.append(f"NaN in {int(got.isnan().sum())} elements, {int(want.isnan().sum())} in eager")
    if bool(infinite.any()):
        parts.append(f"Inf differs in {int(infinite.sum())} elements")
    if bool(wrong.any()):
        parts.append(
            f"{int(wrong.sum())} of {want.numel()} elements differ, max abs {max_abs:.2g}, max rel {max_rel:.2g}"
        )
    return Comparison(numbers="; ".join(parts), max_abs=max_abs, max_rel=max_rel)
