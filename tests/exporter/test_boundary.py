"""Inputs, outputs and weights of a model as they are in ONNX: their names, their kinds, and what is odd about them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

import onnxdx
from onnxdx.program import ONNXProgram
from onnxdx_diagnostics.report import VerdictOutcome

X = torch.linspace(-2, 3, 12).view(3, 4)
Proof = Callable[..., ONNXProgram]
Model = Any
Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Scores:
    logits: torch.Tensor
    hidden: torch.Tensor | None = None


torch.export.register_dataclass(Scores)


def outputs(exported: ONNXProgram) -> list[str | None]:
    return [each.name for each in exported.model.graph.outputs]


def inputs(exported: ONNXProgram) -> list[str | None]:
    return [each.name for each in exported.model.graph.inputs]


@pytest.mark.parametrize(
    ("result", "names"),
    [
        (lambda x: x + 1, ["output"]),
        (lambda x: (x + 1, x * 2), ["output_0", "output_1"]),
        (lambda x: [x + 1, (x * 2, x * 3)], ["output_0", "output_1_0", "output_1_1"]),
        (lambda x: {"logits": x + 1, "hidden": (x * 2, x * 3)}, ["logits", "hidden_0", "hidden_1"]),
        (lambda x: Pair(x + 1, x * 2), ["first", "second"]),
        (lambda x: Scores(x + 1, x * 2), ["logits", "hidden"]),
        (lambda x: Scores(x + 1), ["logits"]),
    ],
)
def test_outputs_have_the_names_that_the_model_gives_them(result: Any, names: list[str], proven: Proof) -> None:
    assert outputs(proven(lambda model, x: result(x), X)) == names


def test_inputs_have_the_names_of_parameters_of_forward(proven: Proof) -> None:
    class Two(nn.Module):
        def forward(self, image: torch.Tensor, *, mask: torch.Tensor | None = None) -> torch.Tensor:
            return image if mask is None else image * mask

    assert inputs(proven(Two(), X, kwargs={"mask": X > 0})) == ["image", "mask"]


def test_dims_have_the_names_that_the_user_gives_them(proven: Proof) -> None:
    class Join(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return torch.cat([x, y], 1)

    shapes = {"x": {0: "batch", 1: "left"}, "y": {0: torch.export.Dim("batch"), 1: "right"}}

    exported = proven(Join(), X, X * 2, dynamic_shapes=shapes)

    assert [[str(dim) for dim in value.shape] for value in exported.model.graph.inputs] == [
        ["batch", "left"],
        ["batch", "right"],
    ]
    assert str(exported.model.graph.outputs[0].shape[0]) == "batch"


@pytest.mark.parametrize(
    "result",
    [
        lambda model, x: (x, x + 1),
        lambda model, x: (x, x),
        lambda model, x: (lambda y: (y, y))(x.relu()),
        lambda model, x: (x + 1, x + 1),
        lambda model, x: (model.scale, model.shift, x + 1),
        lambda model, x: (model.scale, model.scale),
        lambda model, x: torch.ones(2),
        lambda model, x: (torch.zeros(3, 4), torch.zeros(3, 4)),
        lambda model, x: (x + 1, None, 3, 2.5, True, "text"),
        lambda model, x: (x.shape[0], x + 1),
    ],
    ids=[
        "input", "input twice", "one value twice", "equal values", "weights", "weight twice", "constant",
        "equal constants", "no tensors", "size",
    ],
)  # fmt: skip
def test_outputs_may_be_inputs_weights_constants_or_twice_the_same(result: Any, proven: Proof) -> None:
    proven(result, X, also=((X * 2,),))


@pytest.mark.parametrize("result", [lambda model, x: None, lambda model, x: ()], ids=["none", "empty"])
def test_a_model_without_outputs_is_not_proven_and_says_why(result: Any, model: Callable[..., nn.Module]) -> None:
    try:
        report = onnxdx.export(model(result), (X,)).report
    except onnxdx.ExportError as error:
        report = error.report

    (finding,) = report.findings
    assert report.verdict.outcome is not VerdictOutcome.PROVEN
    assert "session_state" not in finding.message()


def test_one_tensor_given_twice_is_two_inputs(proven: Proof) -> None:
    proven(lambda model, x, y: x - 2 * y, X, X, also=((X, X + 1),))


def test_an_unused_input_stays_an_input(proven: Proof) -> None:
    exported = proven(lambda model, x, y: x + 1, X, X)

    assert len(exported.model.graph.inputs) == 2


def test_none_text_and_empty_inputs_are_part_of_the_structure(proven: Proof) -> None:
    exported = proven(lambda model, x, y, kind, more: x if y is None and kind == "a" else x + 1, X, None, "a", [])

    assert len(exported.model.graph.inputs) == 1


def test_nested_inputs_are_flattened(proven: Proof) -> None:
    nested = {"a": (X,), "b": [X + 1, X * 2]}

    exported = proven(lambda model, parts: parts["a"][0] * parts["b"][1] + parts["b"][0], nested)

    assert len(exported.model.graph.inputs) == 3


def test_a_number_is_baked_in_and_another_one_is_refused(proven: Proof) -> None:
    exported = proven(lambda model, x, times, flag: x * times if flag else x, X, 3, True, said=("DX118",))

    for other in ((X, 4, True), (X, 3, False)):
        with pytest.raises(ValueError, match=r"3|True"):
            exported(*other)


def test_a_number_may_be_dynamic(proven: Proof) -> None:
    proven(lambda model, x, times: x * times, X, 3, also=((X, 5),), dynamic_shapes=((None, torch.export.Dim.DYNAMIC),))


def test_another_structure_of_inputs_is_refused(proven: Proof) -> None:
    exported = proven(lambda model, x, y: x + y["z"], X, {"z": X})

    for other in ((X,), (X, X), (X, {"w": X}), (X, {"z": X}, X)):
        with pytest.raises(ValueError, match="structure"):
            exported(*other)


def test_keywords_may_come_in_any_order(proven: Proof) -> None:
    exported = proven(lambda model, *, a, b: a - b, kwargs={"a": X, "b": X + 1})

    (result,) = exported(b=X, a=X + 1)
    torch.testing.assert_close(result, torch.full((3, 4), 1.0))


def test_results_are_torch_tensors_without_what_is_none(proven: Proof) -> None:
    exported = proven(lambda model, x: {"a": x + 1, "b": None, "c": x.argmax()}, X)

    results = exported(X)

    assert [(each.dtype, tuple(each.shape)) for each in results] == [(torch.float32, (3, 4)), (torch.int64, ())]
    adapted = exported.adapt_torch_outputs_to_onnx({"a": X, "b": None, "c": X.argmax()})
    assert [each is not None for each in adapted] == [True, True]


def test_inputs_are_adapted_by_name(proven: Proof) -> None:
    exported = proven(lambda model, x, y: x + y[0], X, [X * 2])

    assert list(exported.adapt_torch_inputs_to_onnx(X, [X]).keys()) == inputs(exported)


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor(3.0), torch.zeros(0, 4), torch.ones(1, 1, 1, 1), X.double(), X.half(), X.to(torch.complex64),
        X.t(), X[:, ::2], X[:1].expand(5, 4), X > 0, X.long(), X.to(torch.uint8), X.to(torch.int8), X.to(torch.int32),
    ],
    ids=lambda x: f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}{list(x.stride())}",
)  # fmt: skip
def test_inputs_of_any_kind(given: torch.Tensor, proven: Proof) -> None:
    def program(model: Model, x: torch.Tensor) -> Any:
        x = torch.view_as_real(x) if x.is_complex() else x
        return x.sum(), x.to(torch.float32).flatten() * 2, torch.cat([x, x])[:3] if x.dim() else x

    proven(program, given)


@pytest.mark.parametrize(
    "weight",
    [
        X.t(), X[:, ::2], torch.tensor([2.0]).expand(4), torch.zeros(0, 4), torch.tensor(2.0), X.double(), X.half(),
        X.to(torch.complex64), X.to(torch.complex64).conj(), X > 0, X.to(torch.uint8),
        torch.zeros(3, 4, dtype=torch.bfloat16),
    ],
    ids=lambda x: f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}{list(x.stride())}",
)  # fmt: skip
def test_weights_of_any_kind(weight: torch.Tensor, proven: Proof) -> None:
    class Holds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("weight", weight)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight = torch.view_as_real(self.weight * 1) if self.weight.is_complex() else self.weight
            return x.sum() + weight.to(torch.float32)

    proven(Holds(), X)


def test_tied_weights_are_stored_once(proven: Proof) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(5000, 8)
            self.head = nn.Linear(8, 5000, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.head(self.embed(tokens))

    exported = proven(Tied(), torch.tensor([[1, 2]]))

    weights = [value for value in exported.model.graph.initializers.values() if value.const_value.nbytes > 1000]
    assert len(weights) == 1


def test_a_large_constant_of_one_value_stays_small(proven: Proof) -> None:
    exported = proven(lambda model, x: x + torch.ones(1000, 1000).sum() + torch.arange(100_000.0)[5], X)

    assert exported.model_proto.ByteSize() < 10_000


@pytest.mark.parametrize(
    "program",
    [
        lambda model, a, b: (a // b, a % b, a + b, a << 1, -a, a.sum(), a.to(torch.int8)),
        lambda model, a, b: ((a > 0) & (b > 1), (a > 0) ^ (b > 3), (a > 0).any(), (a > 0).all(), ~(a > 0)),
        lambda model, a, b: (a[:0].sum(), torch.cat([a, a[:0]]), a[:0].reshape(0, 2, 2), a[:, :0]),
    ],
    ids=["integers", "booleans", "empty"],
)
def test_models_without_floats(program: Any, proven: Proof) -> None:
    a, b = torch.arange(12).view(3, 4) - 6, torch.tensor([3, -2, 5, 1])

    proven(program, a, b, also=((a.flip(0), b.flip(0)),))


def test_nan_and_inf_agree(proven: Proof) -> None:
    proven(lambda model, x: (x.log(), x / 0, (x / 0) * 0), X)


def test_a_model_may_print(proven: Proof, capsys: pytest.CaptureFixture[str]) -> None:
    def program(model: Model, x: torch.Tensor) -> torch.Tensor:
        print("hello")
        return x + 1

    proven(program, X)

    assert set(capsys.readouterr().out.split()) == {"hello"}


def test_a_dim_that_must_divide_is_a_warning_and_no_error(proven: Proof) -> None:
    proven(
        lambda model, x: x.reshape(-1, 6),
        torch.rand(6, 4),
        also=((torch.rand(3, 4),),),
        said=("DX125",),
        dynamic_shapes=(({0: "n"},),),
    )


@pytest.mark.parametrize("functions", ["none", "modules"])
def test_a_chain_of_300_layers_finishes(functions: Any, proven: Proof) -> None:
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(300)))

    exported = proven(model, X, options=onnxdx.ExportOptions(functions=functions))

    assert len(list(exported.model.graph)) == 300
