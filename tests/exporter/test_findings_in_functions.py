"""A fault inside a function's body is told on the user's line and at the modules that call it, as in a flat model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from onnxscript import opset18 as op
from torch import nn

import onnxdx
from onnxdx_diagnostics.finding import Finding


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        return y.relu() + y.floor()


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(Layer(), Layer())
        self.second = Layer()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


def that_raises(self: Any) -> Any:
    raise RuntimeError("the shelf is empty")


def of_another_dtype(self: Any) -> Any:
    return op.Cast(op.IsNaN(self), to=9)


def of_other_numbers(self: Any) -> Any:
    return op.Add(op.Floor(self), op.CastLike(1.0, self))


def that_the_checker_refuses(self: Any) -> Any:
    return op.Identity(op.Floor(self), nonsense=3)


def of_a_wrong_shape(self: Any) -> Any:
    return op.Concat(self, self, axis=0)


def findings(mode: Any, function: Callable[..., Any]) -> tuple[Finding, ...]:
    """What an export says of the model when this function stands for `aten::floor`."""
    registry = onnxdx.OnnxRegistry().with_op("aten::floor", function)
    torch.manual_seed(0)
    options = onnxdx.ExportOptions(onnx_registry=registry, functions=mode)
    try:
        return onnxdx.export(Model(), (torch.rand(2, 4),), options=options).report.findings
    except onnxdx.ExportError as error:
        return error.report.findings


FAULTS = (that_raises, of_another_dtype, of_other_numbers, that_the_checker_refuses, of_a_wrong_shape)


@pytest.mark.parametrize("function", FAULTS)
@pytest.mark.parametrize("mode", ["modules", "aten", "all"])
def test_a_fault_in_a_body_is_told_as_in_the_flat_model(mode: str, function: Callable[..., Any]) -> None:
    flat = findings("none", function)

    found = findings(mode, function)

    assert flat
    assert [(each.id, each.message(), each.site) for each in found] == [
        (each.id, each.message(), each.site) for each in flat
    ]


def test_a_fault_in_a_body_names_every_module_that_calls_it() -> None:
    (finding,) = findings("modules", that_raises)

    assert finding.site.modules == ("first.0", "first.1", "second")
    assert finding.site.location is not None
    assert finding.site.location.line == Layer.forward.__code__.co_firstlineno + 2
