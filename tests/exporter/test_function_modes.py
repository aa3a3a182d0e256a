"""Every function mode on modules of every awkward shape: numbers are proven, and inlining gives the flat model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnx.inliner
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from onnx_ir.passes.common import RemoveUnusedNodesPass
from torch import nn

import onnxdx
from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions

X = torch.linspace(-2, 3, 12).view(3, 4)
Proof = Callable[..., ONNXProgram]
MODES = ("none", "modules", "aten", "all")


class Shape(NamedTuple):
    """A model of some shape, what it is called on, and what an export has to say of it in the modes with modules."""

    model: nn.Module
    inputs: tuple[Any, ...] = (X,)
    more: dict[str, Any] = {}  # noqa: RUF012
    said: tuple[str, ...] = ()
    said_of_modules: tuple[str, ...] = ()


class Of(nn.Module):
    """A module of parts and of a function of (module, *inputs)."""

    def __init__(self, function: Callable[..., Any], *parts: nn.Module, **named: nn.Module | torch.Tensor) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)
        for name, value in named.items():
            self.register_buffer(name, value) if isinstance(value, torch.Tensor) else self.add_module(name, value)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(self, *args, **kwargs)


def in_turn(m: Any, x: Any) -> Any:
    for part in m.parts:
        x = part(x)
    return x


def scaled(scale: float = 1.5) -> nn.Module:
    return Of(lambda m, x: torch.relu(m.linear(x)) * scale, linear=nn.Linear(4, 4))


def repeated() -> Shape:
    return Shape(Of(in_turn, *(scaled() for _ in range(3))))


def repeated_with_other_constants() -> Shape:
    return Shape(Of(in_turn, scaled(1.5), scaled(2.5), scaled(1.5)))


def nested() -> Shape:
    return Shape(Of(in_turn, Of(in_turn, scaled(), Of(in_turn, scaled(), nn.Tanh())), Of(in_turn, scaled())))


def one_module_called_several_times() -> Shape:
    return Shape(Of(lambda m, x: m.part(m.part(x)) + m.part(x * 2), part=scaled()))


def shared_weights() -> Shape:
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    second.weight = first.weight
    return Shape(Of(in_turn, first, second, first))


def a_buffer_updated() -> Shape:
    def count(m: Any, x: Any) -> Any:
        m.calls.add_(1)
        return x + m.calls

    counting = Of(count, calls=torch.zeros(4))
    return Shape(Of(in_turn, counting), said=("DX413",))


def captured_constants() -> Shape:
    table = torch.linspace(1, 2, 4)
    constant = Of(lambda m, x: x * table + torch.tensor([1.0, 2.0, 3.0, 4.0]))
    return Shape(Of(in_turn, constant, constant))


def symbolic_dims() -> Shape:
    rows = Of(lambda m, x, n: x.reshape(n, 2, 2).transpose(0, 1).reshape(-1, 4) / n)
    model = Of(lambda m, x: m.rows(x, x.shape[0]) + m.rows(x, x.shape[0] * 1), rows=rows)
    return Shape(model, more={"dynamic_shapes": {"args": ({0: "rows"},)}, "also": ((torch.rand(6, 4),),)})


def several_results() -> Shape:
    halves = Of(lambda m, x: (x.split(2, -1), None, x.max(-1)))
    return Shape(Of(lambda m, x: (lambda r: r[0][0] + r[0][1] * r[2].values[:, None])(m.halves(x)), halves=halves))


def control_flow_in_a_module() -> Shape:
    def choose(m: Any, x: Any) -> Any:
        return torch.cond(x.sum() > 0, lambda x: m.linear(x), lambda x: x * 2, (x,))

    choice = Of(choose, linear=nn.Linear(4, 4))
    return Shape(Of(in_turn, choice, choice), more={"also": ((-X.abs(),),)}, said_of_modules=("DX402",))


def a_loop() -> Shape:
    def loop(m: Any, x: Any) -> Any:
        def body(i: Any, x: Any) -> Any:
            return i + 1, x * 2 + m.shift

        return torch.while_loop(lambda i, x: i < 3, body, (torch.tensor(0), x))[1]

    return Shape(Of(in_turn, Of(loop, shift=torch.rand(4))))


def values_that_leave_and_come_back() -> Shape:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Of(lambda m, x, hook: hook(x + 1) * 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x, lambda y: y.relu()) - 1

    return Shape(Outer())


def writes_in_place() -> Shape:
    def add(m: Any, row: Any) -> None:
        row.add_(1)

    def outer(m: Any, x: Any) -> Any:
        y = x * 1
        m.add(y[0])
        return m.relu(y) + y

    return Shape(Of(outer, add=Of(add), relu=nn.ReLU(inplace=True)))


def layers_with_state() -> Shape:
    layers = (nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Dropout(0.5), nn.GELU(), nn.Softmax(-1))
    return Shape(Of(in_turn, *layers).eval())


def a_recurrent_layer() -> Shape:
    return Shape(Of(lambda m, x: m.gru(x)[0], gru=nn.GRU(4, 3, batch_first=True)), (torch.rand(2, 5, 4),))


def attention() -> Shape:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    more = {"dynamic_shapes": {"args": ({0: "batch", 1: "seq"},)}, "also": ((torch.rand(3, 7, 8),),)}
    return Shape(Of(in_turn, *nn.TransformerEncoder(layer, 2).layers).eval(), (torch.rand(2, 5, 8),), more)


def a_stack_of_tensors() -> Shape:
    return Shape(Of(lambda m, x: torch.stack([x, m.part(x)]).unbind(0)[1] @ torch.cat([x, x]).T, part=scaled()))


def integers_and_comparisons() -> Shape:
    part = Of(lambda m, i: torch.where(i > 2, i.float() / 3, m.table[i]), table=torch.rand(9))
    return Shape(Of(in_turn, part), (torch.arange(8),))


SHAPES = (
    repeated, repeated_with_other_constants, nested, one_module_called_several_times, shared_weights, a_buffer_updated,
    captured_constants, symbolic_dims, several_results, control_flow_in_a_module, a_loop,
    values_that_leave_and_come_back, writes_in_place, layers_with_state, a_recurrent_layer, attention,
    a_stack_of_tensors, integers_and_comparisons,
)  # fmt: skip


def run(proto: onnx.ModelProto, feed: dict[str, Any]) -> list[Any]:
    return list(onnxruntime.InferenceSession(proto.SerializeToString()).run(None, feed))


def operators(nodes: Iterable[onnx.NodeProto]) -> Counter[str]:
    """How often each operator stands there; constants and copies do not count, since functions need more of them."""
    found: Counter[str] = Counter()
    for node in nodes:
        found[node.op_type] += node.op_type not in ("Constant", "Identity")
        for attribute in node.attribute:
            found += operators(attribute.g.node)
    return found


@pytest.mark.parametrize("make", SHAPES)
@pytest.mark.parametrize("mode", MODES)
def test_numbers_are_proven_in_every_mode(mode: Any, make: Callable[[], Shape], proven: Proof) -> None:
    torch.manual_seed(0)
    shape = make()
    said = shape.said + (shape.said_of_modules if mode in ("modules", "all") else ())

    exported = proven(shape.model, *shape.inputs, options=ExportOptions(functions=mode), said=said, **shape.more)

    proto = exported.model_proto
    onnx.checker.check_model(proto, full_check=True)
    inlined = onnx.inliner.inline_local_functions(proto)
    onnx.checker.check_model(inlined)
    given = exported.adapt_torch_inputs_to_onnx(*shape.inputs)
    feed = {name: np.asarray(value) for name, value in given.items()}
    for one, other in zip(run(proto, feed), run(inlined, feed), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", SHAPES)
def test_inlining_gives_the_operators_of_the_flat_model(make: Callable[[], Shape]) -> None:
    torch.manual_seed(0)
    shape = make()
    asked = {name: value for name, value in shape.more.items() if name == "dynamic_shapes"}

    protos = {}
    for mode in ("none", "all"):
        options = ExportOptions(functions=mode, optimize=False, verify=False)  # type: ignore[arg-type]
        protos[mode] = onnxdx.export(shape.model, shape.inputs, **asked, options=options).model_proto

    inlined = ir.from_proto(onnx.inliner.inline_local_functions(protos["all"]))
    RemoveUnusedNodesPass()(inlined)  # results of functions that nobody asked for
    assert not inlined.functions
    assert operators(ir.to_proto(inlined).graph.node) == operators(protos["none"].graph.node)


def test_functions_of_operators_carry_the_overload(proven: Proof) -> None:
    exported = proven(lambda m, x: x.sum(-1) + x.sum() + (x + 1).sum(-1), X, options=ExportOptions(functions="aten"))

    functions = {name: function for (_, name, _), function in exported.model.functions.items()}
    assert [node.op_type for node in exported.model.graph] == [
        "sum_dim_IntList", "sum", "add_Tensor", "add_Tensor_1", "sum_dim_IntList", "add_Tensor",
    ]  # fmt: skip
    assert functions["sum_dim_IntList"].domain == "pkg.torch.ops.aten"
    assert functions["sum_dim_IntList"].metadata_props["onnxdx.operator"] == "aten::sum.dim_IntList"
    assert [each.name for each in functions["add_Tensor"].inputs] == ["self", "other"]


def test_operators_of_a_library_have_its_domain(proven: Proof) -> None:
    from onnxscript import opset18 as op

    @torch.library.custom_op("modes::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    twice.register_fake(torch.empty_like)
    registry = onnxdx.OnnxRegistry().with_op(twice, lambda x: op.Add(x, x))
    options = ExportOptions(functions="aten", onnx_registry=registry)

    exported = proven(lambda m, x: twice(x), X, options=options)

    assert [(node.domain, node.op_type) for node in exported.model.graph] == [("pkg.torch.ops.modes", "twice")]


def test_a_call_carries_its_operator_module_and_line(proven: Proof) -> None:
    exported = proven(Of(in_turn, scaled(), scaled()), X, options=ExportOptions(functions="aten"))

    origins = [exported.draft.origins[node.metadata_props["onnxdx.id"]] for node in exported.model.graph]
    assert [origin.op for origin in origins] == ["aten::linear", "aten::relu", "aten::mul.Tensor"] * 2
    assert [origin.module for origin in origins[::3]] == ["parts.0.linear", "parts.1.linear"]
    assert all(origin.line and origin.line[0] == __file__ for origin in origins)
    assert exported.model.graph[3].name == "parts.1.linear/linear_1"


def test_a_module_call_stays_flat_where_its_body_needs_the_value_of_a_weight(proven: Proof) -> None:
    from onnxscript import opset18 as op

    @torch.library.custom_op("modes::shifted", mutates_args=())
    def shifted(x: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        return x.roll(int(by), 0)

    shifted.register_fake(lambda x, by: torch.empty_like(x))

    def concat(x: Any, by: Any) -> Any:
        number = int(by.const_value.numpy())
        return op.Concat(op.Slice(x, [-number], [2**31], [0]), op.Slice(x, [0], [-number], [0]), axis=0)

    registry = onnxdx.OnnxRegistry().with_op(shifted, concat)
    shift = Of(lambda m, x: shifted(x, m.by) + 1, by=torch.tensor(1))
    model = Of(in_turn, shift, nn.Tanh())

    for mode, said in (("modules", ("DX404",)), ("aten", ("DX404",)), ("all", ("DX404", "DX404"))):
        exported = proven(model, X, options=ExportOptions(functions=mode, onnx_registry=registry), said=said)  # type: ignore[arg-type]

        assert "Concat" in [node.op_type for node in exported.model.graph]
        assert any(name in ("Tanh", "tanh") for _, name, _ in exported.model.functions)


def test_a_module_that_is_called_in_a_branch_is_named_by_its_path(proven: Proof) -> None:
    choice = Of(
        lambda m, x: torch.cond(x.sum() > 0, lambda x: m.one(x) + 1, m.two, (x,)),
        one=nn.Linear(4, 4),
        two=nn.Sequential(nn.Linear(4, 4)),
    )

    exported = proven(Of(in_turn, choice), X, options=ExportOptions(functions="modules"), said=("DX402",) * 2)

    modules = {finding.site.module for finding in exported.report.findings}
    assert modules == {"parts.0.one", "parts.0.two.0"}
