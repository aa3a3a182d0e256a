"""Programs whose graphs the tests read: one that exports, one that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from onnxdx import ExportError, ExportOptions, ONNXProgram, export


class Block(torch.nn.Module):
    """A module that is called several times."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.dropout = torch.nn.Dropout()

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.dropout(self.linear(x))) + x * mask


class Stack(torch.nn.Module):
    """Equal blocks, writes into a buffer and a view, an operator that has to be decomposed, a branch, a dead node."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = torch.nn.ModuleList([Block() for _ in range(12)])
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mask = (torch.ones(4, 4).tril() * x.mean()).sum(0)
        for block in self.blocks:
            x = block(x, mask)
        self.calls.add_(1)
        low, high = torch.split(x, 2, dim=-1)
        torch.tanh(low)
        filled = high.index_fill(0, torch.tensor([1]), 3.0)
        filled[:, 1].mul_(2.0)
        filled.view(2, 2, 1)[:, 0].add_(1.0)
        return torch.cond(x.sum() > 0, lambda x: x.sin(), lambda x: x.cos(), (low,)), filled


class Unsupported(torch.nn.Module):
    """Twelve times the same operator that ONNX knows nothing of, under one mask."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = torch.nn.ModuleList([Twist() for _ in range(12)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = x.mean(0)
        for block in self.blocks:
            x = block(x, mask)
        return x


class Twist(torch.nn.Module):
    """One use of the operator, with the mask next to it."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.special.scaled_modified_bessel_k1(x.abs() + mask)


def exported(model: torch.nn.Module, **options: Any) -> ONNXProgram:
    """What comes out of an export, complete or around placeholders."""
    try:
        return export(model, (torch.rand(2, 4),), options=ExportOptions(**options))
    except ExportError as error:
        program = error.program
    assert program is not None
    return program


@pytest.fixture(scope="session")
def stack() -> ONNXProgram:
    """The stack as a flat graph."""
    torch.manual_seed(0)
    return exported(Stack())


@pytest.fixture(scope="session")
def stack_of_functions() -> ONNXProgram:
    """The stack with its module calls as functions."""
    torch.manual_seed(0)
    return exported(Stack(), functions="modules")


@pytest.fixture(scope="session")
def unsupported() -> ONNXProgram:
    """The program that cannot be exported."""
    return exported(Unsupported())
