"""Fixes made of several: formulas for complex numbers, compositions within bodies, composite kernels, tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch


def of_complex(body: Callable[..., Any]) -> Callable[..., Any]:
    """A function of complex tensors on pairs of real numbers."""

    def call(*pairs: torch.Tensor) -> Any:
        results = body(*map(torch.view_as_complex, pairs))
        results = results if isinstance(results, tuple) else (results,)
        return [torch.view_as_real(each) if each.is_complex() else each for each in results]

    return call


@pytest.mark.parametrize(
    "body",
    [
        torch.tanh,
        torch.asin,
        torch.log1p,
        lambda z: z ** (z + 1),
        lambda z: torch.cumprod(z, 1),
        lambda z: torch.std(z, 0),
        torch.linalg.inv,
        torch.linalg.eigvalsh,
        lambda z: torch.linalg.qr(z),
        lambda z: torch.linalg.cholesky(z @ z.mH + torch.eye(4)),
    ],
    ids=["tanh", "asin", "log1p", "pow", "cumprod", "std", "inv", "eigvalsh", "qr", "cholesky"],
)
def test_an_operator_on_complex_numbers_is_put_together_from_simpler_ones(
    run: Callable[..., Any], body: Callable[..., Any]
) -> None:
    _, after = run(of_complex(body), torch.randn(4, 4, 2)).fixed()

    assert after.agrees(torch.randn(4, 4, 2))


def test_an_operator_on_lists_of_tensors_is_taken_apart_as_torch_does(run: Callable[..., Any]) -> None:
    def mixed(x: torch.Tensor, y: torch.Tensor) -> Any:
        return torch._foreach_lerp([x, y], [y, x], 0.3)  # type: ignore[call-overload]

    fix, after = run(mixed, torch.randn(3), torch.randn(3)).fixed()

    assert "What torch itself decomposes the operator into." in fix.diff
    assert after.agrees(torch.randn(3), torch.randn(3))


@torch.library.custom_op("fixes_parts::evidence", mutates_args=())
def evidence(x: torch.Tensor, y: torch.Tensor, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
    factor = torch.linalg.cholesky(x @ x.mT + noise * torch.eye(x.shape[-1]))
    return torch.cholesky_solve(y, factor), torch.lgamma(factor.diagonal())


@evidence.register_fake
def _(x: torch.Tensor, y: torch.Tensor, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.empty_like(y), x.new_empty(x.shape[0])


def test_a_body_may_call_operators_that_are_composed(run: Callable[..., Any]) -> None:
    fix, after = run(lambda x, y: evidence(x, y, 0.5), torch.randn(3, 3), torch.randn(3, 2)).fixed()

    assert "The operator's own Python body in ONNX operators." in fix.diff
    assert after.agrees(torch.randn(3, 3), torch.randn(3, 2))


@torch.library.custom_op("fixes_parts::scaled", mutates_args=())
def scaled(z: torch.Tensor, gain: float) -> torch.Tensor:
    return torch.tanh(z * gain + gain)


@scaled.register_fake
def _(z: torch.Tensor, gain: float) -> torch.Tensor:
    return torch.empty_like(z)


def test_a_body_multiplies_complex_numbers_by_a_number_that_stays_open(run: Callable[..., Any]) -> None:
    fix, after = run(of_complex(lambda z: scaled(z, 0.5)), torch.randn(4, 2)).fixed()

    assert "op.Mul(z, gain)" in fix.diff
    assert after.agrees(torch.randn(4, 2))


@torch.library.custom_op("fixes_parts::bands", mutates_args=())
def bands(power: torch.Tensor) -> torch.Tensor:
    bank = np.abs(np.sin(np.outer(np.arange(12), np.linspace(0, math.pi, 40))))
    return (torch.from_numpy(bank.astype("float32")) @ power).clamp(min=1e-3).log()


@bands.register_fake
def _(power: torch.Tensor) -> torch.Tensor:
    return power.new_empty(12, power.shape[-1])


def test_a_large_table_of_a_body_is_packed(run: Callable[..., Any]) -> None:
    fix, after = run(lambda x: bands(x), torch.rand(40, 5)).fixed()

    assert "numbers = (  # 12 x 40 numbers of float32" in fix.diff
    assert after.agrees(torch.rand(40, 5))


@pytest.mark.parametrize(
    ("program", "inputs"),
    [
        (lambda x, w: torch.bincount(x, w, minlength=9)[:9], (torch.arange(8) % 5, torch.rand(8))),
        (lambda x, w: torch.erfinv(x) * w, (torch.rand(9).double() * 1.8 - 0.9, torch.rand(9).double())),
    ],
    ids=["bincount with weights", "erfinv in double precision"],
)
def test_a_use_that_a_function_refuses_is_composed(
    run: Callable[..., Any], program: Callable[..., Any], inputs: tuple[torch.Tensor, ...]
) -> None:
    _, after = run(program, *inputs).fixed()

    assert after.agrees(inputs[0].flip(0), inputs[1])
