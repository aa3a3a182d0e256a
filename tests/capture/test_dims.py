"""Dims keep the user's names, in whatever form they were asked for."""

from __future__ import annotations

import inspect
from collections import OrderedDict, namedtuple
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import AdditionalInputs, Dim, ShapesCollection

from onnxdx.dynamic_shapes import read, written
from onnxdx.passes import capture
from onnxdx.request import ExportRequest
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.sink import Collector

Pair = namedtuple("Pair", ["first", "second"])


class Add(nn.Module):
    """Two inputs of one shape."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


class Apart(nn.Module):
    """Two inputs that have nothing to do with each other."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x * 2, y * 3


class Nested(nn.Module):
    """Tensors in containers, any number of inputs, and a keyword."""

    def forward(self, parts: Any, *more: torch.Tensor, scale: Any = None) -> torch.Tensor:
        leaves = [*parts["a"], *parts["b"], *more]
        return sum((leaf.sum() for leaf in leaves), torch.zeros(())) * (1 if scale is None else scale.sum())


class Keywords(nn.Module):
    """Tensors by names that `forward` does not know."""

    def forward(self, x: torch.Tensor, **named: Any) -> torch.Tensor:
        return x * named["b"] + named["a"].sum()


X, Y = torch.rand(3, 4), torch.rand(3, 4)


def names(model: nn.Module, args: tuple[Any, ...], dims: Any, **kwargs: Any) -> list[str]:
    """The user's names of the dims of a program that has to be captured without a word."""
    sink = Collector()
    program = capture.run(ExportRequest(model, args, kwargs, dims), sink)
    assert [each.message() for each in sink.findings] == []
    assert isinstance(program, CapturedProgram)
    assert not program.recovered
    return sorted(program.dims.values())


@pytest.mark.parametrize(
    "dims",
    [
        {"x": {0: "batch"}, "y": {0: "batch"}},
        ({0: "batch"}, {0: "batch"}),
        [{0: "batch"}, {0: "batch"}],
        {"x": ("batch", None), "y": ["batch", 4]},
        {"x": {0: Dim("batch")}, "y": {0: Dim("batch")}},
        {"x": {0: Dim("batch", min=2, max=64)}, "y": {-2: "batch"}},
        {"x": {0: "batch"}, "y": {0: Dim.DYNAMIC}},
        {"x": {0: "batch", 1: Dim.STATIC}, "y": {0: Dim.AUTO}},
    ],
)
def test_equal_sizes_have_one_name(dims: Any) -> None:
    assert names(Add(), (X, Y), dims) == ["batch"]


def test_dims_of_their_own_keep_their_names() -> None:
    assert names(Apart(), (X, Y), {"x": {0: "rows"}, "y": {0: "others"}}) == ["others", "rows"]


def test_hints_are_named_by_input_and_axis() -> None:
    assert names(Apart(), (X, Y), {"x": {0: Dim.DYNAMIC}, "y": {1: Dim.AUTO}}) == ["x_dim_0", "y_dim_1"]


def test_a_derived_dim_is_named_by_its_root() -> None:
    half = Dim("half")

    assert names(Apart(), (X, Y), {"x": {0: half}, "y": {1: half + 1}}) == ["half"]


def test_no_dims_no_names() -> None:
    assert names(Add(), (X, Y), None) == []
    assert names(Add(), (X, Y), {}) == []
    assert names(Add(), (X, Y), {"x": None, "y": None}) == []


def test_containers_keyword_and_variadic_arguments() -> None:
    parts = {"a": [X, Y], "b": (torch.rand(5),)}
    dims = {
        "parts": {"a": [{0: "rows"}, None], "b": ({0: "length"},)},
        "more": ({0: "third"},),
        "scale": {0: "scales"},
    }

    found = names(Nested(), (parts, torch.rand(6)), dims, scale=torch.rand(3))

    assert found == ["length", "rows", "scales", "third"]


@pytest.mark.parametrize(
    "dims",
    [
        {"x": {0: "rows"}, "named": {"b": {0: "rows"}, "a": {0: "length"}}},
        {"x": {0: "rows"}, "a": {0: "length"}, "b": {0: "rows"}},
        ({0: "rows"}, {"a": {0: "length"}, "b": {0: "rows"}}),
    ],
)
def test_keywords_of_any_name(dims: Any) -> None:
    found = names(Keywords(), (X,), dims, b=Y, a=torch.rand(5))

    assert found == ["length", "rows"]
    assert str(inspect.signature(Keywords.forward)) == "(self, x: 'torch.Tensor', **named: 'Any') -> 'torch.Tensor'"


def test_keywords_of_any_name_may_have_no_dims() -> None:
    assert names(Keywords(), (X,), {"x": {0: Dim.AUTO}, "named": None}, b=Y, a=torch.rand(5)) == []


def test_an_entry_of_none_stands_for_a_whole_container() -> None:
    parts = OrderedDict(a=[X, Y], b=Pair(torch.rand(3, 4), torch.rand(3, 4)))

    assert names(Nested(), (parts,), {"parts": None}) == []
    assert names(Nested(), (parts,), {"parts": {"a": None, "b": Pair({0: "rows"}, None)}}) == ["rows"]


def test_a_shapes_collection() -> None:
    shapes = ShapesCollection()
    shapes[X] = {0: Dim("rows")}

    assert names(Apart(), (X, Y), shapes) == ["rows"]


def test_additional_inputs() -> None:
    shapes = AdditionalInputs()
    shapes.add((torch.rand(5, 4), Y))

    assert names(Apart(), (X, Y), shapes) == ["x_dim_0"]


@pytest.mark.parametrize(
    ("dims", "misfit"),
    [
        ({"x": {0: "batch"}}, "input `y` has no entry"),
        ({"x": {0: "batch"}, "y": None, "z": None}, "`z` is no input"),
        (({0: "batch"},), "`dynamic_shapes` has 1 entry for 2 inputs"),
        ("batch", "`dynamic_shapes` is a str, not a dict or a tuple"),
        ({"x": {2: "batch"}, "y": None}, "`x` of shape (3, 4) has no axis 2"),
        ({"x": ("batch",), "y": None}, "`x` is a tensor with 2 axes, but its entry is a tuple of 1"),
        ({"x": {0: 7}, "y": None}, "axis 0 of `x` has size 3, not 7"),
        ({"x": {0: 1.5}, "y": None}, "1.5 on axis 0 of `x` is not a dim; a dim is a name, a `Dim`, an int or None"),
        ({"x": {0: Dim("batch", min=4)}, "y": None}, "`batch` is declared as at least 4, but axis 0 of `x` has size 3"),
        (
            {"x": {0: Dim("side")}, "y": {1: Dim("side")}},
            "`side` is 3 on axis 0 of `x`, but 4 on axis 1 of `y`",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_words(dims: Any, misfit: str) -> None:
    asked = read(Add(), (X, Y), {}, dims)

    assert asked.misfits == (misfit,)


def test_the_right_structure_keeps_what_fits() -> None:
    asked = read(Nested(), ({"a": [X, Y], "b": (X,)},), {}, {"parts": {"a": [{0: "rows"}, None], "c": None}})

    assert asked.right == '{"parts": {"a": [{0: "rows"}, None], "b": (None,)}}'


def test_dims_are_written_as_python() -> None:
    spec = {"x": {0: Dim("batch"), 1: Dim.AUTO, 2: "seq"}, "y": (None, 3), "z": [None]}

    assert written(spec) == '{"x": {0: batch, 1: Dim.AUTO, 2: "seq"}, "y": (None, 3), "z": [None]}'
