"""What tests of fixes share: a model exported, fixed by what is offered first, and exported again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from onnxdx import pipeline
from onnxdx.fixes import Evidence, fixes_for
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry
from onnxdx.request import ExportRequest
from onnxdx.user_functions import registry_file
from onnxdx.verification.comparison import compare
from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Applicability, Fix
from onnxdx_diagnostics.report import Report, VerdictOutcome

sys.path.insert(0, str(Path(__file__).parent))  # `operator_suite` and `custom_bodies` are imported by tests


@dataclass
class Run:
    """One export, and what is offered for its findings."""

    request: ExportRequest
    program: ONNXProgram | None
    report: Report
    registry_file: Path

    def fixes(self, finding: Finding | None = None) -> tuple[Fix, ...]:
        """What is offered for a finding: the first one, when none is given."""
        evidence = Evidence(self.request, self.report, self.program, self.registry_file)
        return fixes_for(finding or self.report.findings[0], evidence)

    def with_fix(self, fix: Fix) -> Run:
        """The same export with the registry file that the fix makes."""
        path = self.registry_file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        (changed,) = edited(fix.edits, {str(path): text}).values()
        path.write_text(changed, encoding="utf-8")
        registry = registry_file.load(path, str(path.parent))
        return exported(self.request, path, (self.request.options.onnx_registry or OnnxRegistry()).joined(registry))

    def fixed(self) -> tuple[Fix, Run]:
        """The first fix, which is proven, and the export with it, which has no findings and is proven."""
        fix, *_ = self.fixes()
        assert fix.applicability is Applicability.PROVEN, fix

        after = self.with_fix(fix)

        assert after.report.findings == ()
        assert after.report.verdict.outcome is VerdictOutcome.PROVEN, after.report.verdict.reason
        return fix, after

    def agrees(self, *inputs: Any) -> bool:
        """Whether the exported program computes on these inputs what the model does."""
        assert self.program is not None
        wanted = self.program.adapt_torch_outputs_to_onnx(self.request.model(*inputs))
        return all(compare(one, other).agrees for one, other in zip(self.program(*inputs), wanted, strict=True))


def exported(request: ExportRequest, path: Path, registry: OnnxRegistry | None = None) -> Run:
    options = replace(request.options, onnx_registry=registry or request.options.onnx_registry)
    asked = ExportRequest(request.model, request.args, dynamic_shapes=request.dynamic_shapes, options=options)
    program, report = pipeline.run(asked)
    return Run(asked, program, report, path)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Exports a function of tensors as a model."""

    def make(program: Callable[..., Any], *inputs: Any, **asked: Any) -> Run:
        request = ExportRequest(Written(program).eval(), inputs, **asked)
        return exported(request, tmp_path / "onnxdx_registry.py")

    return make


class Written(torch.nn.Module):
    """A function of tensors as a model."""

    def __init__(self, program: Callable[..., Any]) -> None:
        super().__init__()
        self.program = program

    def forward(self, *inputs: Any) -> Any:
        return self.program(*inputs)
