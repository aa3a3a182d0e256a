"""Registering ONNX functions: what stands for an operator, and what is refused at once."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import torch
from onnxscript import opset18 as op

import onnxdx
from onnxdx import ExportError, ExportOptions
from onnxdx.registry import OnnxRegistry
from onnxdx_diagnostics.report import VerdictOutcome


@torch.library.custom_op("registering::clip", mutates_args=())
def clip(x: torch.Tensor) -> torch.Tensor:
    return x.clamp(0, 1)


def clipped(x: Any) -> Any:
    return op.Clip(x, 0.0, 1.0)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (torch.ops.registering.clip.default, "registering::clip"),
        (torch.ops.registering.clip, "registering::clip"),
        (clip, "registering::clip"),
        ("registering::clip.default", "registering::clip"),
        (torch.ops.aten.add.Tensor, "aten::add.Tensor"),
        (torch.ops.aten.relu, "aten::relu"),
        (operator.add, "_operator::add"),
    ],
)
def test_an_operator_is_registered_by_what_names_it(target: Any, name: str) -> None:
    assert list(OnnxRegistry().with_op(target, lambda x, y=None, alpha=1.0: op.Identity(x)).user) == [name]


def test_an_operator_with_many_overloads_needs_one_of_them() -> None:
    with pytest.raises(ValueError, match="Tensor"):
        OnnxRegistry().with_op(torch.ops.aten.div, clipped)


@pytest.mark.parametrize("target", [torch.nn.functional.gelu, torch.nn.ReLU, clipped])
def test_what_is_no_operator_is_refused(target: Any) -> None:
    with pytest.raises(TypeError, match="no operator"):
        OnnxRegistry().with_op(target, clipped)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="None"):
        OnnxRegistry().with_op("registering::clip", None)


def test_the_line_of_the_registration_is_known() -> None:
    (entry,) = OnnxRegistry().with_op(clip, clipped).entries("registering::clip")

    assert entry.registered.startswith(__file__)
    assert entry.is_users


@torch.library.custom_op("registering::turned", mutates_args=())
def turned(x: torch.Tensor) -> torch.Tensor:
    return torch.cat([x[..., 2:], x[..., :2]], -1)


@turned.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


class Turned(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return turned(x) + 1


def split_by_list(x: Any) -> Any:
    first, rest = op.Split(x, [2, 3], axis=-1)
    return op.Concat(rest, first, axis=-1)


def split_by_constant(x: Any) -> Any:
    first, rest = op.Split(x, op.Constant(value_ints=[2, 3]), axis=-1)
    return op.Concat(rest, first, axis=-1)


def split_in_two(x: Any) -> Any:
    first, rest = op.Split(op.Pad(x, [0, 1, 0, 0]), axis=-1, num_outputs=2)
    return op.Concat(rest, op.Slice(first, [1], [3], [-1]), axis=-1)


@pytest.mark.parametrize("function", [split_by_list, split_by_constant, split_in_two])
def test_a_function_may_split_by_sizes_or_by_a_number_of_parts(function: Any) -> None:
    registry = OnnxRegistry().with_op(turned, function)

    program = onnxdx.export(Turned(), (torch.rand(4, 5),), options=ExportOptions(onnx_registry=registry))

    assert program.report.verdict.outcome is VerdictOutcome.PROVEN


def test_a_split_into_an_unknown_number_of_parts_is_told() -> None:
    registry = OnnxRegistry().with_op(turned, lambda x: op.Split(x, op.Shape(op.NonZero(x)), axis=-1)[0])

    with pytest.raises(ExportError, match="num_outputs"):
        onnxdx.export(Turned(), (torch.rand(4, 5),), options=ExportOptions(onnx_registry=registry))
