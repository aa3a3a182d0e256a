"""Strict capture is tried on the module around a fault before it is tried on the whole model."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from onnxdx import pipeline
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx_diagnostics.report import Report


class Layer(nn.Module):
    """`fault` is what the layer does between its two linear maps."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.first, self.second, self.fault = nn.Linear(4, 4), nn.Linear(4, 4), fault
        self.rest = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        if self.fault == "memory":
            x = x + len(x.detach().numpy().tobytes())
        if self.fault == "number":
            x = x * int((x > 0).sum())
        return self.rest[0](self.second(x))


def exported(model: nn.Module) -> Report:
    options = ExportOptions(verify=False)
    return pipeline.run(ExportRequest(model.eval(), (torch.rand(2, 4),), options=options, root=__file__))[1]


@pytest.mark.parametrize("model", [nn.Sequential(nn.Linear(4, 4), Layer("memory")), Layer("memory")])
def test_what_dynamo_cannot_do_in_a_module_it_is_not_asked_in_the_model(model: nn.Module) -> None:
    before = {module: dict(vars(module)) for module in model.eval().modules()}

    report = exported(model)

    assert [finding.id for finding in report.findings] == ["DX110"]
    assert "trial" in report.passes[0].facts
    assert "strict" not in report.passes[0].facts
    assert {module: dict(vars(module)) for module in model.modules()} == before


def test_what_dynamo_can_do_is_captured_by_it() -> None:
    report = exported(nn.Sequential(nn.Linear(4, 4), Layer("number")))

    assert report.findings == ()
    assert report.passes[0].facts["mode"] == "strict"


def test_a_fault_in_a_model_that_calls_no_module_is_tried_at_once() -> None:
    class Plain(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + len(x.detach().numpy().tobytes())

    report = exported(Plain())

    assert [finding.id for finding in report.findings] == ["DX110"]
    assert "strict" in report.passes[0].facts
