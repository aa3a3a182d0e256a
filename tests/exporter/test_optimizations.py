"""Optimisations: what each takes away, that the numbers stay, and which one is blamed when they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxscript import opset18 as op
from torch import nn

import onnxdx
from onnxdx.optimizations import constant_nodes, equal_nodes, redundant_nodes
from onnxdx.optimizations.bisection import first_wrong
from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions
from onnxdx_diagnostics.report import Report

Proof = Callable[..., ONNXProgram]
X = torch.linspace(-2, 3, 12).view(3, 4)


def graph_of(text: str) -> ir.Model:
    """A model from the text of its graph's signature, its weights and its nodes."""
    return ir.from_onnx_text(f'<ir_version: 10, opset_import: ["" : 20]> net {text}')


def typed(model: ir.Model) -> ir.Model:
    """The model with the type and the shape of every value, as an exported one has them."""
    for output in model.graph.outputs:
        output.shape = None
    return ir.from_proto(onnx.shape_inference.infer_shapes(ir.to_proto(model)))


def kinds(model: ir.Model) -> list[str]:
    return [node.op_type for node in model.graph]


def outputs(model: ir.Model) -> list[Any]:
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    numbers = np.random.default_rng(0)
    feed = {each.name: numbers.random([2, 3, 4], dtype=np.float32) for each in session.get_inputs()}
    return list(session.run(None, feed))


REDUNDANT = {
    "a cast to the same type": ("y = Cast <to: int = 1> (x)  z = Neg (y)", ["Neg"]),
    "a cast there and back": ("a = Cast <to: int = 11> (x)  b = Cast <to: int = 1> (a)  z = Neg (b)", ["Neg"]),
    "a cast that loses": (
        "a = Cast <to: int = 7> (x)  b = Cast <to: int = 1> (a)  z = Neg (b)",
        ["Cast", "Cast", "Neg"],
    ),
    "a transpose there and back": (
        "a = Transpose <perm = [1, 2, 0]> (x)  b = Transpose <perm = [2, 0, 1]> (a)  z = Neg (b)",
        ["Neg"],
    ),
    "two transposes": (
        "a = Transpose <perm = [1, 2, 0]> (x)  b = Transpose <perm = [1, 2, 0]> (a)  z = Neg (b)",
        ["Transpose", "Neg"],
    ),
    "two reshapes": ("a = Reshape (x, six)  b = Reshape (a, two)  z = Neg (b)", ["Reshape", "Neg"]),
    "a reshape that copies a size": (
        "a = Reshape (x, six)  b = Reshape (a, zero)  z = Neg (b)",
        ["Reshape", "Reshape", "Neg"],
    ),
    "an axis there and back": ("a = Unsqueeze (x, one)  b = Squeeze (a, one)  z = Neg (b)", ["Neg"]),
    "two axes": ("a = Unsqueeze (x, one)  b = Unsqueeze (a, one)  z = Neg (b)", ["Unsqueeze", "Unsqueeze", "Neg"]),
    "a concatenation of one": ("a = Concat <axis = 0> (x)  z = Neg (a)", ["Neg"]),
    "a size as a scalar and back": (
        "s = Shape <start: int = 1, end: int = 2> (x)  t = Squeeze (s, nil)  "
        "u = Reshape (t, minus)  z = Cast <to: int = 1> (u)",
        ["Shape", "Cast"],
    ),
    "a factor of one": ("a = Mul (unit, x)  b = Div (a, unit)  z = Neg (b)", ["Neg"]),
    "a factor of one that adds an axis": ("a = Mul (x, deep)  z = Neg (a)", ["Mul", "Neg"]),
    "the reciprocal of a root": (
        "s = Sqrt (x)  r = Reciprocal (s)  z = Mul (x, r)",
        ["Sqrt", "Div"],
    ),
    "a transpose that others read": (
        "a = Transpose <perm = [1, 2, 0]> (x)  b = Transpose <perm = [2, 0, 1]> (a)  c = Abs (a)  d = Neg (b)"
        "  e = Transpose <perm = [2, 0, 1]> (c)  z = Add (d, e)",
        ["Transpose", "Abs", "Neg", "Transpose", "Add"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REDUNDANT.values(), ids=REDUNDANT)
def test_what_is_redundant_goes_and_the_numbers_stay(case: tuple[str, list[str]]) -> None:
    text, left = case
    weights = "int64[2] six = {6, 4}, int64[2] two = {2, 12}, int64[3] zero = {0, 2, -1}, int64[1] one = {1},"
    weights += " int64[1] nil = {0}, int64[1] minus = {-1}, float[1, 1] unit = {1.0}, float[1, 1, 1, 1] deep = {1.0}"
    model = typed(graph_of(f"(float[2, 3, 4] x) => (float[1] z) <{weights}> {{ {text} }}"))
    before = outputs(model)

    redundant_nodes.remove(model.graph)
    _without_dead_nodes(model)

    assert kinds(model) == left
    for one, other in zip(before, outputs(model), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def _without_dead_nodes(model: ir.Model) -> None:
    from onnx_ir.passes.common import RemoveUnusedNodesPass

    RemoveUnusedNodesPass()(model)


def test_equal_nodes_and_equal_constants_are_one() -> None:
    model = graph_of(
        "(float[2, 3, 4] x) => (float[2, 3, 4] z) <float[1] a = {2.0}, float[1] b = {2.0}>"
        "{ p = Mul (x, a)  q = Mul (x, b)  r = Elu <alpha = 0.5> (p)  s = Elu <alpha = 0.25> (q)  z = Add (r, s) }"
    )
    before = outputs(model)

    equal_nodes.merge(model.graph)

    assert kinds(model) == ["Mul", "Elu", "Elu", "Add"]
    assert list(model.graph.initializers) == ["a"]
    np.testing.assert_array_equal(before[0], outputs(model)[0])


def test_weights_and_random_nodes_are_not_merged() -> None:
    model = graph_of(
        "(float[2, 3, 4] x) => (float[2, 3, 4] z) <float[1] a = {2.0}, float[1] b = {2.0}>"
        "{ p = RandomUniformLike (x)  q = RandomUniformLike (x)  r = Mul (p, a)  s = Mul (q, b)  z = Add (r, s) }"
    )

    equal_nodes.merge(model.graph, weights={"a", "b"})

    assert kinds(model) == ["RandomUniformLike", "RandomUniformLike", "Mul", "Mul", "Add"]
    assert list(model.graph.initializers) == ["a", "b"]


def test_known_nodes_are_computed() -> None:
    model = typed(
        graph_of(
            "(float[2, 3, 4] x) => (float[2, 3, 4] z) <float[4, 1] w = {1.0, 2.0, 3.0, 4.0}, int64[1] to = {4}>"
            "{ t = Transpose <perm = [1, 0]> (w)  u = Reshape (t, to)  v = Add (u, u)  z = Mul (x, v) }"
        )
    )
    before = outputs(model)

    constant_nodes.fold(model.graph, 20)

    assert kinds(model) == ["Mul"]
    assert list(model.graph.initializers) == ["v"]
    np.testing.assert_array_equal(before[0], outputs(model)[0])


@pytest.mark.parametrize("text", ["v = Div (a, b)", "v = Cast <to: int = 6> (f)", "v = RandomUniformLike (f)"])
def test_what_depends_on_who_computes_it_is_left_to_the_runtime(text: str) -> None:
    weights = "<int64[1] a = {-7}, int64[1] b = {2}, float[1] f = {2.5}>"
    model = typed(
        graph_of(f"(float[1] x) => (float[1] z) {weights} {{ {text}  w = Cast <to: int = 1> (v)  z = Add (x, w) }}")
    )

    constant_nodes.fold(model.graph, 20)

    assert kinds(model)[0] == text.split()[2]


@pytest.mark.parametrize("make", [nn.Conv2d, nn.ConvTranspose2d])
@pytest.mark.parametrize("bias", [True, False])
def test_a_batch_norm_becomes_part_of_the_convolution(make: Any, bias: bool, proven: Proof) -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(5, eps=0.01)
    norm.running_mean.uniform_(-1, 1)  # type: ignore[union-attr,operator]
    norm.running_var.uniform_(0.5, 2)  # type: ignore[union-attr,operator]
    nn.init.uniform_(norm.weight)
    nn.init.uniform_(norm.bias)

    exported = proven(
        nn.Sequential(make(3, 5, 2, padding=1, bias=bias), norm, nn.ReLU()).eval(), torch.rand(2, 3, 6, 6)
    )

    assert kinds(exported.model) == [make.__name__.removesuffix("2d"), "Relu"]


def test_a_convolution_that_others_read_keeps_its_batch_norm(proven: Proof) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return self.norm(y) + y

    exported = proven(Net().eval(), torch.rand(2, 3, 4, 4))

    assert kinds(exported.model) == ["Conv", "BatchNormalization", "Add"]


def test_shared_weights_of_convolutions_are_left_alone(proven: Proof) -> None:
    convolution = nn.Conv2d(3, 3, 1)

    exported = proven(
        nn.Sequential(convolution, nn.BatchNorm2d(3), convolution, nn.BatchNorm2d(3)).eval(), torch.rand(2, 3, 4, 4)
    )

    assert kinds(exported.model) == ["Conv", "BatchNormalization", "Conv", "BatchNormalization"]


def test_every_optimisation_that_does_something_is_recorded(proven: Proof) -> None:
    exported = proven(nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)).eval(), torch.rand(2, 3, 4, 4))

    facts = {record.name: record.facts for record in exported.report.passes}["optimize"]
    assert facts["fuse-batch-norms"] == -1


def drop_the_last_addition(model: ir.Model) -> None:
    last = [node for node in model.graph if node.op_type == "Add"][-1]
    last.replace_input_with(1, last.inputs[0])


def change_nothing(model: ir.Model) -> None:
    model.graph.name = "changed"


class Doubling(ir.passes.InPlacePass):
    """A pass in the form that onnx_ir has for them."""

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        for node in model.graph:
            if node.op_type == "Mul":
                node.replace_input_with(1, node.inputs[0])
        return ir.passes.PassResult(model, modified=True)


class Net(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x * 3 + y


def report_of(*passes: Any, **asked: Any) -> Report:
    options = ExportOptions(optimizations=passes, bisect_passes=True, **asked)
    try:
        return onnxdx.export(Net(), (X, X + 1), options=options).report
    except onnxdx.ExportError as error:
        return error.report


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize(
    ("passes", "blamed"),
    [
        ((change_nothing, drop_the_last_addition, change_nothing), "drop_the_last_addition"),
        ((Doubling(), change_nothing), "Doubling"),
        ((drop_the_last_addition, Doubling()), "drop_the_last_addition"),
    ],
)
def test_the_pass_that_changes_the_numbers_is_named(passes: tuple[Any, ...], blamed: str, optimize: bool) -> None:
    report = report_of(*passes, optimize=optimize)

    (finding,) = (each for each in report.findings if each.id == "DX608")
    assert finding.message().startswith(f"The optimisation pass `{blamed}` changes the numbers")
    assert f"`{blamed}` at {__file__}:" in finding.fixes()[0].title


def test_a_wrong_function_is_blamed_on_no_pass() -> None:
    registry = onnxdx.OnnxRegistry().with_op("aten::mul.Tensor", lambda self, other: op.Sub(self, other))

    report = report_of(change_nothing, onnx_registry=registry)

    assert "DX609" in {each.id for each in report.findings}
    assert "DX608" not in {each.id for each in report.findings}


def test_right_passes_are_run_and_nobody_is_blamed() -> None:
    seen: list[ir.Model] = []

    report = report_of(change_nothing, seen.append)

    assert report.findings == ()
    assert [model.graph.name for model in seen] == ["changed"]


@given(st.integers(1, 40), st.data())
@settings(max_examples=50, deadline=None)
def test_the_first_wrong_step_is_found_in_few_trials(count: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, count - 1))
    tried: list[int] = []

    def is_right(first: int) -> bool:
        tried.append(first)
        return first <= wrong

    assert first_wrong(count, is_right) == wrong
    assert len(tried) <= 2 + count.bit_length()


def test_what_is_wrong_before_all_steps_has_no_first_one() -> None:
    assert first_wrong(5, lambda first: False) is None
