"""Operators that only move elements, or add them up: on the real and on the imaginary parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from onnxdx.fixes.operators.formulas import formula


def on_parts(target: Callable[..., Any]) -> Callable[..., Any]:
    """A function of complex tensors by one of their real and of their imaginary parts."""

    def call(*args: Any, **kwargs: Any) -> Any:
        parts = [
            target(*(_part(each, part) for each in args), **{name: _part(each, part) for name, each in kwargs.items()})
            for part in (0, 1)
        ]
        return torch.view_as_complex(torch.stack(parts, -1))

    return call


def _part(value: Any, part: int) -> Any:
    if isinstance(value, (list, tuple)):
        return [_part(each, part) for each in value]
    return torch.view_as_real(value)[..., part] if isinstance(value, Tensor) and value.is_complex() else value


aten = torch.ops.aten
for _target in (
    aten.as_strided.default, aten.diagonal.default, aten.diagonal_copy.default, aten.diagonal_scatter.default,
    aten.gather.default, aten.index_add.default, aten.masked_scatter.default, aten.masked_select.default,
    aten.scatter.src, aten.scatter_add.default, aten.take.default, aten.unfold.default, aten.unfold_backward.default,
):  # fmt: skip
    formula(_target.name().removesuffix(".default"))(on_parts(_target))


@formula("aten::constant_pad_nd")
def constant_pad_nd(z: Tensor, pad: Sequence[int], value: complex = 0) -> Tensor:
    real, imag = (aten.constant_pad_nd(x, pad, each) for x, each in ((z.real, value.real), (z.imag, value.imag)))
    return torch.complex(real, imag)
