"""Reductions and running products of complex tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from onnxdx.fixes.operators.formulas import formula


@formula("aten::prod.dim_int")
def prod_dim(z: Tensor, dim: int, keepdim: bool = False, dtype: torch.dtype | None = None) -> Tensor:
    parts = _as(z, dtype).unbind(dim)
    product = parts[0]
    for part in parts[1:]:
        product = product * part
    return product.unsqueeze(dim) if keepdim else product


@formula("aten::prod")
def prod(z: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    return prod_dim(z.reshape(-1), 0, dtype=dtype)


@formula("aten::cumprod")
def cumprod(z: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    z = _as(z, dtype)
    if not z.dim():
        return z.clone()
    parts = list(z.unbind(dim))
    for index in range(1, len(parts)):
        parts[index] = parts[index - 1] * parts[index]
    return torch.stack(parts, dim)


@formula("aten::logcumsumexp")
def logcumsumexp(z: Tensor, dim: int) -> Tensor:
    if not z.dim():
        return z.clone()
    parts = list(z.unbind(dim))
    for index in range(1, len(parts)):
        parts[index] = torch.logaddexp(parts[index - 1], parts[index])
    return torch.stack(parts, dim)


def _as(z: Tensor, dtype: torch.dtype | None) -> Tensor:
    return z if dtype is None else z.to(dtype)


@formula("aten::var.correction")
def var(z: Tensor, dim: Sequence[int] | None = None, *, correction: Any = None, keepdim: bool = False) -> Tensor:
    return _varied(z, dim, correction, keepdim)


@formula("aten::std.correction")
def std(z: Tensor, dim: Sequence[int] | None = None, *, correction: Any = None, keepdim: bool = False) -> Tensor:
    return _varied(z, dim, correction, keepdim).sqrt()


@formula("aten::var_mean.correction")
def var_mean(z: Tensor, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    return _varied(z, dim, correction, keepdim), _mean(z, dim, keepdim)


@formula("aten::std_mean.correction")
def std_mean(z: Tensor, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    return _varied(z, dim, correction, keepdim).sqrt(), _mean(z, dim, keepdim)


def _varied(z: Tensor, dim: Any, correction: Any, keepdim: bool) -> Tensor:
    real, imag = (torch.var(x, dim, correction=correction, keepdim=keepdim) for x in (z.real, z.imag))
    return real + imag


def _mean(z: Tensor, dim: Any, keepdim: bool) -> Tensor:
    axes = list(range(z.dim())) if dim is None else dim
    return torch.complex(z.real.mean(axes, keepdim), z.imag.mean(axes, keepdim))


def _over_unbiased(body: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two older overloads, which say whether one is taken from the count: over all dims, and over some."""

    def over_all(z: Tensor, unbiased: bool = True) -> Any:
        return body(z, None, correction=int(unbiased))

    def over_some(z: Tensor, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Any:
        return body(z, dim, correction=int(unbiased), keepdim=keepdim)

    return over_all, over_some


for _name, _body in (("var", var), ("std", std), ("var_mean", var_mean), ("std_mean", std_mean)):
    _over_all, _over_some = _over_unbiased(_body)
    formula(f"aten::{_name}")(_over_all)
    formula(f"aten::{_name}.dim")(_over_some)
