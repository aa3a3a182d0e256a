"""What the tests of single operators share: exporting one expression of tensors and asking for a proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree

from onnxdx import pipeline
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx_diagnostics.report import VerdictOutcome

Program = Callable[..., Any]
Proof = Callable[..., None]


class Expression(torch.nn.Module):
    """A function of tensors as a module; its parameters are those of the modules it uses."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.program(*inputs)


def prove(program: Program, *inputs: Any, dynamic: bool = False, options: ExportOptions | None = None) -> None:
    """Export `program(*inputs)` and ask for a proof without findings, with every dim left open when `dynamic`."""
    module = program if isinstance(program, torch.nn.Module) else Expression(program)
    shapes = pytree.tree_map(_open_dims, inputs) if dynamic else None
    if dynamic and not isinstance(program, torch.nn.Module):
        shapes = (shapes,)
    torch.manual_seed(0)

    _, report = pipeline.run(ExportRequest(module, inputs, dynamic_shapes=shapes, options=options or ExportOptions()))

    said = [f"{finding.id} {finding.message()}" for finding in report.findings]
    assert said == []
    assert report.exported
    if "eager raises" not in report.verdict.reason and "no other size" not in report.verdict.reason:
        assert report.verdict.outcome is VerdictOutcome.PROVEN, report.verdict.reason


def _open_dims(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return None
    return {axis: torch.export.Dim.AUTO for axis, size in enumerate(value.shape) if size > 1}


@pytest.fixture(params=["static", "dynamic"])
def proven(request: pytest.FixtureRequest) -> Proof:
    """Proves a program, once as it is and once with open dims."""

    def check(program: Program, *inputs: Any) -> None:
        prove(program, *inputs, dynamic=request.param == "dynamic")

    return check


@pytest.fixture
def proven_static() -> Proof:
    """Proves a program on the sizes of its inputs only."""
    return prove
