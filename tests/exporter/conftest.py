"""What tests of whole exports share: a function of tensors as a model, and a proof on the inputs of one's choice."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree

import onnxdx
from onnxdx.program import ONNXProgram
from onnxdx.verification.comparison import compare
from onnxdx_diagnostics.report import VerdictOutcome

Program = Callable[..., Any]
Proof = Callable[..., ONNXProgram]


class Written(torch.nn.Module):
    """A function as a model. Its first argument is the model, which has a linear layer, a parameter and a buffer."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        self.linear = torch.nn.Linear(4, 4)
        self.scale = torch.nn.Parameter(torch.linspace(0.5, 2, 4))
        self.register_buffer("shift", torch.linspace(-1, 1, 4))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.program(self, *args, **kwargs)


@pytest.fixture
def model() -> Callable[[Program], Written]:
    """Makes a model of a function of (model, *inputs)."""

    def make(program: Program) -> Written:
        torch.manual_seed(0)
        return Written(program).eval()

    return make


@pytest.fixture
def proven(model: Callable[[Program], Written]) -> Proof:
    """Exports a model, or a function as one, and asks for a proof and for exactly the findings in `said`.

    `also` are further inputs on which ONNX Runtime must agree with eager.
    """

    def prove(
        program: Program,
        *inputs: Any,
        kwargs: Mapping[str, Any] | None = None,
        also: tuple[tuple[Any, ...], ...] = (),
        said: tuple[str, ...] = (),
        **asked: Any,
    ) -> ONNXProgram:
        module = program if isinstance(program, torch.nn.Module) else model(program)

        exported = onnxdx.export(module, inputs, kwargs, **asked)

        findings = exported.report.findings
        assert tuple(each.id for each in findings) == said, [each.message() for each in findings]
        assert exported.report.verdict.outcome is VerdictOutcome.PROVEN, exported.report.verdict.reason
        for other in (inputs, *also):
            agree(exported, module, other, kwargs or {})
        return exported

    return prove


def agree(exported: ONNXProgram, module: torch.nn.Module, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """The tensors of `exported(*inputs)` are those of the model in eager."""
    copies, named = pytree.tree_map(_copied, (inputs, dict(kwargs)))
    with torch.no_grad():
        wanted = exported.adapt_torch_outputs_to_onnx(copy.deepcopy(module)(*copies, **named))

    got = exported(*inputs, **kwargs)

    comparisons = [compare(one, torch.as_tensor(other)) for one, other in zip(got, wanted, strict=True)]
    assert all(each.agrees for each in comparisons), comparisons


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value
