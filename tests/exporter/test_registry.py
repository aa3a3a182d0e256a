"""Registering ONNX functions: what stands for an operator, and what is refused at once."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry


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
