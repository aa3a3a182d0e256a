"""Functions that are offered for custom operators that write into their arguments: what is written is compared, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from opaque import opaque

from onnxdx_diagnostics.fix import Applicability

LIBRARY = torch.library.Library("fixes_writing", "DEF")


@torch.library.custom_op("fixes_writing_ops::moments", mutates_args={"mean", "square"})
def moments(mean: torch.Tensor, square: torch.Tensor, grad: torch.Tensor, kept: float = 0.9) -> torch.Tensor:
    mean.mul_(kept).add_(grad, alpha=1 - kept)
    square.mul_(kept).addcmul_(grad, grad, value=1 - kept)
    return mean / (square.sqrt() + 0.1)


@moments.register_fake
def _(mean: torch.Tensor, square: torch.Tensor, grad: torch.Tensor, kept: float = 0.9) -> torch.Tensor:
    return torch.empty_like(grad)


@torch.library.custom_op("fixes_writing_ops::counted", mutates_args={"calls", "largest"})
def counted(x: torch.Tensor, calls: torch.Tensor, largest: torch.Tensor | None = None) -> torch.Tensor:
    calls.add_(1)
    if largest is not None:
        largest.copy_(torch.maximum(largest, x.amax()))
    return x * calls


@counted.register_fake
def _(x: torch.Tensor, calls: torch.Tensor, largest: torch.Tensor | None = None) -> torch.Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fixes_writing_ops::scaled", mutates_args={"parts"})
def scaled(parts: list[torch.Tensor], by: torch.Tensor) -> None:
    for index, part in enumerate(parts):
        part.mul_(by + index)


LIBRARY.define("remember(Tensor(a!) cache, Tensor x, *, int at=0) -> ()")
LIBRARY.define("unknown(Tensor(a!) x) -> Tensor")


@torch.library.impl(LIBRARY, "remember", "CPU")
def remember(cache: torch.Tensor, x: torch.Tensor, *, at: int = 0) -> None:
    cache[:, at : at + x.shape[1]] = x


@torch.library.impl(LIBRARY, "unknown", "CPU")
def unknown(x: torch.Tensor) -> torch.Tensor:
    x.copy_(opaque(x).flip(0))
    return x + 1


@torch.library.register_fake("fixes_writing::unknown")
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


def test_an_operator_that_writes_two_tensors(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        mean, square = x * 0.5, x * x
        return moments(mean, square, x), mean, square

    fix, after = run(model, torch.randn(3, 4)).fixed()

    assert "Returns the result of the operator, then the new values of `mean` and `square`." in fix.diff
    assert after.agrees(torch.randn(3, 4))


def test_an_operator_that_is_called_with_and_without_what_it_may_write(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        calls, largest = x.new_zeros(()), x.new_zeros(())
        return counted(counted(x, calls), calls, largest), calls, largest

    fix, after = run(model, torch.randn(5)).fixed()

    assert ", None" in fix.diff
    assert after.agrees(torch.randn(5))


def test_an_operator_that_writes_a_list(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        parts = [x + 1, x[:2] + 2]
        scaled(parts, x.sum())
        return tuple(parts)

    _, after = run(model, torch.randn(3, 4)).fixed()

    assert after.agrees(torch.randn(3, 4))


def test_an_operator_that_writes_a_part_of_a_cache(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> torch.Tensor:
        caches = x.new_zeros(2, 3, 8, 4)
        torch.ops.fixes_writing.remember(caches[0], x)
        torch.ops.fixes_writing.remember(caches[1, 1:], x[1:], at=2)
        return caches.sum(0)

    _, after = run(model, torch.randn(3, 2, 4)).fixed()

    assert after.agrees(torch.randn(3, 2, 4))


def test_what_cannot_be_traced_is_left_to_be_filled_in(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y = x + 1
        return torch.ops.fixes_writing.unknown(y), y

    fix, *_ = run(model, torch.randn(4)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert "Returns the result of the operator, then the new value of `x`." in fix.text
    assert "return ..., ..." in fix.text
