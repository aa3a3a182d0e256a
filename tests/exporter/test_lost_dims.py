"""A dim that was asked dynamic stays dynamic through all passes, or the pass that loses it says so."""

from __future__ import annotations

import pytest
import torch

from onnxdx import pipeline
from onnxdx.passes import capture, decompose, dispatch
from onnxdx.request import ExportRequest
from onnxdx.values import CapturedProgram, DecomposedProgram
from onnxdx_diagnostics.rules.dx127_dim_lost import DimLost
from onnxdx_diagnostics.sink import Collector


@torch.library.custom_op("onnxdx_lost_dims::doubled", mutates_args=())
def doubled(x: torch.Tensor) -> torch.Tensor:
    return x * 2


@doubled.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


def row_by_row(x: torch.Tensor) -> torch.Tensor:
    """A decomposition that works for the number of rows it was traced with."""
    return torch.cat([x[row : row + 1] * 2 for row in range(x.shape[0])])


class Net(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = doubled(x)
        return y + 1


REQUEST = ExportRequest(Net(), (torch.rand(6, 4),), {}, {"x": {0: "rows", 1: "cols"}})


def test_a_decomposition_that_fixes_a_dim_is_told_on_the_line_and_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    captured = capture.run(REQUEST, Collector())
    assert captured is not None
    table = {torch.ops.onnxdx_lost_dims.doubled.default: row_by_row}
    monkeypatch.setattr(torch._decomp, "decomposition_table", table)
    sink = Collector()

    decomposed = decompose.run(captured, sink)

    (finding,) = sink.findings
    assert finding.id == "DX127"
    assert finding.message() == (
        "`rows` was asked to be dynamic, but the decomposition of `onnxdx_lost_dims.doubled.default` fixes it to 6."
    )
    assert finding.site.location is not None
    assert "doubled(x)" in finding.site.location.snippet
    assert [str(size) for size in next(iter(decomposed.graph.nodes)).meta["val"].shape] == [*captured.dims]


def test_a_pass_that_fixes_a_dim_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(program: DecomposedProgram, sink: Collector) -> None:
        captured: CapturedProgram = program.captured
        assert int(next(iter(captured.asked.values()))) == 6

    monkeypatch.setattr(dispatch, "run", run)

    _, report = pipeline.run(REQUEST)

    (lost,) = (finding for finding in report.findings if isinstance(finding, DimLost))
    assert lost.message() == "`rows` was asked to be dynamic, but the pass `dispatch` fixes it to 6."
