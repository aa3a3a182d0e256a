"""Repeated layers of a flat model are translated and optimised once, and nothing of that shows in the result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from onnxscript import opset18 as op
from torch import nn

import onnxdx
from onnxdx.graph.operators import computed
from onnxdx.passes import capture, decompose, dispatch, functions, optimize, translate
from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.values import PROVENANCE_KEY, FunctionPlan, OnnxDraft, Region
from onnxdx_diagnostics.sink import Collector

Proof = Callable[..., ONNXProgram]
X = torch.linspace(-2, 3, 24).view(3, 8)


class Block(nn.Module):
    """A layer of more than a few nodes; its constants are arguments."""

    def __init__(self, scale: float = 0.5, width: int = 16) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.up, self.down = nn.Linear(8, width), nn.Linear(width, 8)
        self.register_buffer("shift", torch.rand(8))
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.down(torch.sigmoid(self.up(self.norm(x))) * self.scale)
        rows, columns = y.view(-1, 2, 4).transpose(1, 2).reshape(x.shape).chunk(2, -1)
        return x + torch.cat([rows, columns.abs()], -1) * torch.tensor([1.0, 2.0] * 4) + self.shift


class Stack(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Choosing(nn.Module):
    """Layers whose bodies hold control flow, which is not shared."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x - 1, (x,))
        return self.block(y).relu() + y


def tied() -> nn.Module:
    blocks = [Block(), Block(), Block()]
    blocks[1].up.weight = blocks[0].up.weight
    return Stack(*blocks)


def called_twice() -> nn.Module:
    block = Block()
    return Stack(block, Block(), block)


MODELS: dict[str, Callable[[], nn.Module]] = {
    "equal layers": lambda: Stack(*(Block() for _ in range(4))),
    "other constants": lambda: Stack(Block(0.5), Block(0.25), Block(0.5), Block(1)),
    "a number and an integer": lambda: Stack(Block(2.0), Block(2), Block(2.0), Block(True)),
    "zeros of both signs": lambda: Stack(Block(0.0), Block(-0.0)),
    "other sizes": lambda: Stack(Block(), Block(width=4), Block(), Block(width=4)),
    "tied weights": tied,
    "called twice": called_twice,
    "nested": lambda: Stack(Stack(Block(), Block()), Block(), Stack(Block(), Block())),
    "control flow": lambda: Stack(Choosing(), Choosing()),
    "recurrent layers": lambda: Stack(*(nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.LayerNorm(8)) for _ in range(9))),
}


def plan(model: nn.Module, **asked: Any) -> FunctionPlan:
    request = ExportRequest(model.eval(), (X,), dynamic_shapes={"x": {0: "rows"}}, options=ExportOptions(**asked))
    value: Any = request
    for each in (capture, decompose, dispatch, functions):
        value = each.run(value, Collector())
    assert isinstance(value, FunctionPlan)
    return value


def drafts(model: nn.Module, optimized: bool) -> tuple[OnnxDraft, OnnxDraft]:
    """The draft as it is made, and as it would be without regions."""
    shared = plan(model, optimize=optimized)
    flat = FunctionPlan(shared.plan, Region("", "", computed(shared.plan.program.graph)))
    first, second = (optimize.run(translate.run(each, Collector()), Collector()) for each in (shared, flat))
    return first, second


def operators(draft: OnnxDraft) -> Counter[str]:
    return Counter(node.op_type for node in draft.model.graph.all_nodes() if node.op_type != "Identity")


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("optimized", [True, False])
def test_a_model_is_the_same_with_and_without_sharing(optimized: bool, make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)

    shared, flat = drafts(make(), optimized)

    assert not shared.model.functions
    assert operators(shared) == operators(flat)
    assert set(shared.results) >= {value.name for value in flat.model.graph.outputs} & set(flat.results)
    for draft in (shared, flat):
        for node in draft.model.graph.all_nodes():
            assert node.metadata_props[PROVENANCE_KEY] in draft.origins
    made = [
        {draft.origins[node.metadata_props[PROVENANCE_KEY]] for node in draft.model.graph} for draft in (shared, flat)
    ]
    assert {(each.fx_node, each.module, each.line) for each in made[0]} == {
        (each.fx_node, each.module, each.line) for each in made[1]
    }


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_numbers_of_repeated_layers_are_proven(make: Callable[[], nn.Module], proven: Proof) -> None:
    torch.manual_seed(0)

    proven(make().eval(), X, also=((torch.rand(5, 8),),), dynamic_shapes={"x": {0: "rows"}})


@pytest.mark.parametrize(
    ("name", "bodies", "calls"),
    [
        ("equal layers", 1, 4),
        ("other constants", 1, 2),
        ("other sizes", 2, 4),
        ("called twice", 1, 3),
        ("nested", 1, 2),
    ],
)
def test_equal_layers_are_translated_once(name: str, bodies: int, calls: int) -> None:
    draft = translate.run(plan(MODELS[name]()), Collector())

    assert len(draft.repeated) == bodies
    assert sum(node.domain == "onnxdx.repeated" for node in draft.model.graph) == calls


def test_constants_that_are_equal_in_python_only_are_told_apart() -> None:
    draft = translate.run(plan(MODELS["a number and an integer"]()), Collector())

    assert sum(node.domain == "onnxdx.repeated" for node in draft.model.graph) == 2
    assert not translate.run(plan(MODELS["zeros of both signs"]()), Collector()).repeated


def test_values_of_every_copy_are_named_after_its_nodes(proven: Proof) -> None:
    exported = proven(MODELS["equal layers"]().eval(), X)

    names = [node.outputs[0].name or "" for node in exported.model.graph if node.op_type == "Sigmoid"]
    assert names == ["sigmoid", "sigmoid_1", "sigmoid_2", "sigmoid_3"]
    places = [node.name for node in exported.model.graph if node.op_type == "LayerNormalization"]
    assert places == [f"layers.{index}.norm/layer_norm{f'_{index}' if index else ''}" for index in range(4)]
    assert all(re.fullmatch(r"[\w.]+(/[\w.]+)?", node.name or "") for node in exported.model.graph)


def that_raises(self: Any) -> Any:
    raise RuntimeError("the shelf is empty")


def that_the_checker_refuses(self: Any) -> Any:
    return op.Identity(op.Sigmoid(self), nonsense=3)


@pytest.mark.parametrize("function", [that_raises, that_the_checker_refuses])
def test_a_fault_in_a_repeated_layer_is_told_for_each(function: Callable[..., Any]) -> None:
    options = ExportOptions(onnx_registry=onnxdx.OnnxRegistry().with_op("aten::sigmoid", function))

    with pytest.raises(onnxdx.ExportError) as caught:
        onnxdx.export(MODELS["equal layers"]().eval(), (X,), options=options)

    (finding,) = caught.value.report.findings
    assert finding.site.modules == ("layers.0", "layers.1", "layers.2", "layers.3")
