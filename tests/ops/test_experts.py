"""Experts of a mixture, on rows sorted by expert."""

from __future__ import annotations

import pytest
import torch

import onnxdx
from onnxdx_diagnostics.report import VerdictOutcome

pytest.importorskip("transformers.integrations.moe", reason="transformers registers the operator")


class Experts(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(3, 4, 5))

    def forward(self, x: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        return torch.ops.transformers.grouped_mm_fallback(x, self.weight, offsets)


@pytest.mark.parametrize("offsets", [[2, 5, 7], [0, 0, 7], [7, 7, 7], [1, 1, 3]])
def test_each_expert_multiplies_its_own_rows(offsets: list[int]) -> None:
    program = onnxdx.export(
        Experts(), (torch.randn(7, 4), torch.tensor([2, 5, 7])), dynamic_shapes={"x": {0: "rows"}, "offsets": None}
    )

    assert program.report.findings == ()
    assert program.report.verdict.outcome is not VerdictOutcome.DIFFERS
    x, ends = torch.randn(7, 4), torch.tensor(offsets)
    torch.testing.assert_close(program(x, ends)[0], program.draft.captured.request.model(x, ends).detach())
