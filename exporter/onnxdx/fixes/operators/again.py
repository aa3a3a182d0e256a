"""The export once more, with a function added to the registry: what becomes of the findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onnxdx import pipeline
from onnxdx.registry import OnnxRegistry
from onnxdx.values import OnnxDraft
from onnxdx_diagnostics.finding import Finding, Level


@dataclass(frozen=True)
class Outcome:
    """`resolved` says that the finding is gone; `introduced` are warnings and errors that were not there before."""

    resolved: bool
    introduced: tuple[Finding, ...]


def exported_again(draft: OnnxDraft, registry: OnnxRegistry, finding: Finding, before: Sequence[Finding]) -> Outcome:
    """What an export from the same capture says with the functions of `registry` added."""
    options = draft.captured.request.options
    known = options.onnx_registry
    joined = known.joined(registry) if known is not None else registry
    _, report = pipeline.run_after_capture(draft.captured, replace(options, onnx_registry=joined))
    said = {each.fault for each in before}
    now = {each.fault: each for each in report.findings}
    introduced = [each for fault, each in now.items() if fault not in said and each.level is not Level.NOTE]
    return Outcome(finding.fault not in now, tuple(introduced))
