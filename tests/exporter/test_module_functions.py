"""functions="modules": every module call is an ONNX function, equal ones are one, and the numbers stay proven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnx.inliner
import onnxruntime
import pytest
import torch
from torch import nn

from onnxdx.program import ONNXProgram
from onnxdx.request import ExportOptions

X = torch.linspace(-2, 3, 12).view(3, 4)
Proof = Callable[..., ONNXProgram]
Exported = Callable[..., ONNXProgram]


@pytest.fixture
def functions(proven: Proof) -> Exported:
    """Exports with module functions; the checker passes, and the inlined model gives the same numbers."""

    def export(model: nn.Module, *inputs: Any, **more: Any) -> ONNXProgram:
        exported = proven(model, *inputs, options=ExportOptions(functions="modules"), **more)

        proto = exported.model_proto
        onnx.checker.check_model(proto, full_check=True)
        given = exported.adapt_torch_inputs_to_onnx(*inputs, **more.get("kwargs") or {})
        feed = {name: np.asarray(value) for name, value in given.items()}
        for one, other in zip(run(proto, feed), run(onnx.inliner.inline_local_functions(proto), feed), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        return exported

    return export


def run(proto: onnx.ModelProto, feed: dict[str, Any]) -> list[Any]:
    return list(onnxruntime.InferenceSession(proto.SerializeToString()).run(None, feed))


def names(exported: ONNXProgram) -> Counter[str]:
    """How many functions there are for each module class."""
    found = exported.model.functions.values()
    return Counter(function.name.rstrip("0123456789").rstrip("_") for function in found)


def calls(exported: ONNXProgram) -> list[str]:
    """The operators of the main graph."""
    return [node.op_type for node in exported.model.graph]


class Scaled(nn.Module):
    def __init__(self, scale: float = 1.5) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.linear(x)) * self.scale


class Stack(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def test_repeated_layers_are_one_function(functions: Exported) -> None:
    exported = functions(Stack(*(Scaled() for _ in range(5))), X)

    assert names(exported) == {"Scaled": 1, "Linear": 1}
    assert calls(exported) == ["Scaled"] * 5


def test_layers_with_other_constants_are_other_functions(functions: Exported) -> None:
    exported = functions(Stack(Scaled(1.5), Scaled(2.5), Scaled(2.5)), X)

    assert names(exported) == {"Scaled": 2, "Linear": 1}


def test_a_module_that_is_called_three_times_is_one_function(functions: Exported) -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = Scaled()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.part(self.part(x)) + self.part(x * 2)

    exported = functions(Shared(), X)

    assert names(exported) == {"Scaled": 1, "Linear": 1}
    assert calls(exported).count("Scaled") == 3


def test_functions_nest_as_modules_do(functions: Exported) -> None:
    exported = functions(nn.Sequential(Scaled(), nn.Sequential(Scaled(), nn.Tanh()), nn.Identity()), X)

    assert names(exported) == {"Scaled": 1, "Linear": 1, "Sequential": 1, "Tanh": 1}
    assert calls(exported) == ["Scaled", "Sequential"]


def test_the_layers_of_a_dynamic_transformer_are_one_function(functions: Exported) -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = Stack(*nn.TransformerEncoder(layer, 3).layers).eval()

    exported = functions(
        model, torch.rand(2, 5, 8), also=((torch.rand(3, 7, 8),),), dynamic_shapes={"x": {0: "batch", 1: "seq"}}
    )

    assert names(exported)["TransformerEncoderLayer"] == 1
    assert calls(exported).count("TransformerEncoderLayer") == 3


def test_inputs_of_functions_have_the_names_of_weights_inside_the_module(functions: Exported) -> None:
    exported = functions(nn.Sequential(Stack(Scaled(), Scaled())), X)

    inputs = {function.name: [each.name for each in function.inputs] for function in exported.model.functions.values()}
    assert inputs["Linear"][1:] == ["weight", "bias"]
    assert inputs["Scaled"][1:] == ["linear.weight", "linear.bias"]
    assert inputs["Stack"][1:3] == ["layers.0.linear.weight", "layers.0.linear.bias"]


def test_a_call_carries_the_path_of_its_module(functions: Exported) -> None:
    exported = functions(Stack(Scaled(), Scaled()), X)

    assert [node.metadata_props["onnxdx.module"] for node in exported.model.graph] == ["layers.0", "layers.1"]


@pytest.mark.parametrize("kind", ["tuple", "dict", "list", "with none", "with number", "one value twice"])
def test_a_module_may_return_any_structure(kind: str, functions: Exported) -> None:
    class Inner(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            y = x + 1
            results = {"tuple": (y, x * 2), "dict": {"a": y, "b": x * 2}, "list": [y, x * 2]}
            return {**results, "with none": (y, None), "with number": (y, 3), "one value twice": (y, y)}[kind]

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result = self.inner(x)
            first, second = result.values() if isinstance(result, dict) else result
            return first - (second if second is not None else 0)

    exported = functions(Outer(), X)

    assert "Inner" in names(exported)


def test_a_module_takes_keywords_lists_and_the_tensors_of_its_parent(functions: Exported) -> None:
    class Inner(nn.Module):
        def forward(self, parts: list[torch.Tensor], *, weight: torch.Tensor, times: int = 2) -> torch.Tensor:
            return torch.cat(parts) * weight * times

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(4))
            self.inner = Inner()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner([x, x + 1], weight=self.weight)

    exported = functions(Outer(), X)

    (function,) = exported.model.functions.values()
    assert [each.name for each in function.inputs] == ["x", "add", "weight"]


def test_a_size_may_be_an_argument_of_a_module(functions: Exported) -> None:
    class Inner(nn.Module):
        def forward(self, x: torch.Tensor, rows: int) -> torch.Tensor:
            return x.reshape(rows * 2, -1) + rows

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x, x.shape[0])

    functions(Outer(), X, also=((torch.rand(6, 4),),), dynamic_shapes={"x": {0: "rows"}})


def test_control_flow_may_be_inside_a_module(functions: Exported) -> None:
    class Choice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(4, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cond(x.sum() > 0, lambda x: x @ self.weight, lambda x: x * 2, (x,))

    exported = functions(Stack(Choice(), Choice()), X, also=((X.abs(),), (-X.abs(),)))

    assert names(exported) == {"Choice": 1}


def test_buffers_are_inputs_of_functions(functions: Exported) -> None:
    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("shift", torch.rand(4))
            self.register_buffer("count", torch.tensor(2.0))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.shift + self.count

    exported = functions(Stack(Shifted(), Shifted(), nn.BatchNorm1d(4)).eval(), X)

    assert names(exported) == {"Shifted": 1, "BatchNorm1d": 1}


def test_a_module_may_update_its_buffer(proven: Proof) -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls.add_(1)
            return x + self.calls

    exported = proven(Stack(Counting()), X, said=("DX413",), options=ExportOptions(functions="modules"))

    assert names(exported) == {"Counting": 1}


def test_a_module_whose_result_is_not_used_is_left_out(functions: Exported) -> None:
    class Wasteful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = Scaled(), Scaled()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.unused(x)
            return self.used(x)

    assert calls(functions(Wasteful(), X)) == ["Scaled"]


def test_a_module_may_write_into_the_tensor_it_is_given(functions: Exported) -> None:
    class Adding(nn.Module):
        def forward(self, row: torch.Tensor) -> None:
            row.add_(1)

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.adding = Adding()
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x * 1
            self.adding(y[0])
            return self.relu(y) + y

    functions(Outer(), X)


def test_hooks_and_parametrizations_belong_to_their_module(functions: Exported) -> None:
    hooked = nn.Linear(4, 4)
    hooked.register_forward_hook(lambda module, args, output: output * 2)
    normed = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))

    functions(Stack(hooked, normed), X)


def test_a_model_without_submodules_says_so(proven: Proof) -> None:
    class Plain(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    proven(Plain(), X, said=("DX403",), options=ExportOptions(functions="modules"))
