"""The second look that `thorough` asks for: what varies with the values of the inputs, and nothing else."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils import _pytree

from onnxdx import pipeline
from onnxdx.eager.other_values import varied
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx_diagnostics.report import Report, VerdictOutcome
from onnxdx_diagnostics.rules.dx128_constant_varies import ConstantVaries

X = torch.linspace(-2, 3, 12).view(3, 4)


@dataclass
class Batch:
    rows: torch.Tensor
    first: float


def taken_apart(batch: Batch) -> tuple[list[torch.Tensor], float]:
    """The number is kept beside the data, and computed anew where there are data."""
    has_values = type(batch.rows) is torch.Tensor
    return [batch.rows], float(batch.rows.numpy().flat[0]) if has_values else batch.first


def with_keys(batch: Batch) -> tuple[list[tuple[Any, torch.Tensor]], float]:
    rows, first = taken_apart(batch)
    return [(_pytree.GetAttrKey("rows"), rows[0])], first


_pytree.register_pytree_node(
    Batch, taken_apart, lambda rows, first: Batch(next(iter(rows)), first), flatten_with_keys_fn=with_keys
)


class Shifted(nn.Module):
    def forward(self, batch: Batch) -> torch.Tensor:
        return batch.rows - batch.first


def look(model: nn.Module, *inputs: Any, thorough: bool = True) -> Report:
    return pipeline.run(ExportRequest(model, inputs, options=ExportOptions(thorough=thorough)))[1]


def test_a_number_kept_beside_the_data_is_a_constant_that_varies() -> None:
    (finding,) = look(Shifted(), Batch(X, -2.0)).findings

    assert isinstance(finding, ConstantVaries)
    assert (finding.operator, finding.here) == ("aten.sub.Tensor", "-2.0")
    assert finding.site.location is not None
    assert "batch.rows - batch.first" in finding.site.location.snippet


def test_one_look_says_nothing_of_it() -> None:
    assert look(Shifted(), Batch(X, -2.0), thorough=False).findings == ()


class Clock(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + time.perf_counter()


class Luck(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + random.random()


class Identity(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + id(object()) % 1000


class Calls(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = [0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls[0] += 1
        return x * 2 if self.calls[0] % 2 else x * 3


class Noise(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.rand_like(x)


@pytest.mark.parametrize(
    "model", [Clock(), Luck(), Identity(), Calls(), Noise()], ids=lambda model: type(model).__name__
)
def test_what_varies_by_itself_is_not_blamed_on_the_inputs(model: nn.Module) -> None:
    assert "DX128" not in [each.id for each in look(model, X).findings]


def test_a_plain_model_is_proven_on_other_values_too() -> None:
    report = look(nn.Sequential(nn.Linear(4, 4), nn.GELU()), X)

    assert report.findings == ()
    assert report.verdict.outcome is VerdictOutcome.PROVEN
    assert len(report.verdict.trials) == 2


def test_other_values_are_the_same_in_another_order() -> None:
    ids, places, truths, ones = (
        torch.tensor([5, 2, 9, 2]),
        torch.arange(4),
        torch.tensor([True, False, True]),
        X * 0 + 1,
    )

    one, two, three, four = varied([ids, places, truths, ones])

    assert sorted(one.tolist()) == sorted(ids.tolist())
    assert torch.equal(two, places)
    assert sorted(three.tolist()) == sorted(truths.tolist())
    assert four.shape == ones.shape
    assert not torch.equal(four, ones)
