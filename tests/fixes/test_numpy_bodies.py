"""Custom operators whose bodies compute in NumPy on the values of tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy_bodies import INPUTS, operator, sine, written_input

from onnxdx.fixes.operators.numpy_tracing import numpy_on_tensors
from onnxdx_diagnostics.fix import Applicability


@operator
def wide(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy((x.numpy() * np.float64(1e8) + 1 - x.numpy() * np.float64(1e8)).astype(np.float32))


@operator
def unwrapped(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.unwrap(x.numpy(), axis=-1))


@operator
def foreign(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.frompyfunc(math.floor, 1, 1)(x.numpy()).astype(np.float32))


@operator
def backwards(x: torch.Tensor) -> torch.Tensor:
    a = x.numpy().copy()
    a[::-1][0] = 1
    return torch.from_numpy(a)


@pytest.mark.parametrize("name", INPUTS)
def test_a_body_in_numpy_becomes_a_function(name: str, run: Callable[..., Any]) -> None:
    body, others = INPUTS[name]

    _, after = run(lambda x: body(x, *others), torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6))


def test_a_body_in_numpy_takes_open_sizes(run: Callable[..., Any]) -> None:
    failing = run(lambda x: sine(x), torch.randn(4, 6), dynamic_shapes=(({0: torch.export.Dim("batch")},),))

    fix, after = failing.fixed()

    assert "return op.Sin(x)" in fix.diff
    assert after.agrees(torch.randn(7, 6))


def test_a_body_that_computes_wider_than_torch_does_so_in_onnx(run: Callable[..., Any]) -> None:
    fix, after = run(lambda x: wide(x), torch.randn(4, 6)).fixed()

    assert "DOUBLE" in fix.diff
    assert after.agrees(torch.randn(4, 6))


def test_what_is_written_into_an_array_is_written_into_its_tensor_alone(run: Callable[..., Any]) -> None:
    _, after = run(lambda x: written_input(x) + x, torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (unwrapped, "`np.unwrap` of a tensor has no form in torch"),
        (foreign, "which is none of NumPy's own functions, has no form in torch"),
        (backwards, "writing into a view that runs backwards has no form in torch"),
    ],
)
def test_what_torch_has_no_form_of_is_named(body: Any, reason: str, run: Callable[..., Any]) -> None:
    (fix,) = run(lambda x: body(x), torch.randn(4, 6)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert reason in fix.text


def test_numpy_is_as_before_when_a_trace_is_over() -> None:
    before = (np.asarray, np.zeros, torch.from_numpy)

    with numpy_on_tensors(all_arrays=True):
        pass

    assert (np.asarray, np.zeros, torch.from_numpy) == before
    assert not hasattr(torch.Tensor, "__array_ufunc__")
    assert type(np.zeros(2)) is np.ndarray
