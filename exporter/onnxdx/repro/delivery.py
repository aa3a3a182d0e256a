"""Repros for a worker's client: each in a folder of its own, with the ONNX model where the finding is about that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onnxdx.program import ONNXProgram
from onnxdx.repro import FRAGMENT, SCRIPT, Repro, repro, save
from onnxdx.repro.trial import run_script
from onnxdx.request import ExportRequest
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.selection import selected
from onnxdx_diagnostics.worker_protocol import ReproTold

_ABOUT_ONNX = ("DX5", "DX6")


def deliver(
    wanted: str,
    report: Report,
    request: ExportRequest,
    program: ONNXProgram | None,
    folder: Path,
    seconds: float,
) -> Iterator[ReproTold]:
    """Make the repros of the `wanted` findings, in folders of `folder`. Raises NothingSelected, and OSError."""
    for finding in selected(report, wanted):
        number = report.findings.index(finding) + 1
        made = repro(finding, request, program, seconds)
        if not isinstance(made, Repro):
            yield ReproTold(number, tried=made.tried)
            continue
        own = folder / str(number)
        save(made.text, own)
        if _is_about_onnx(finding):
            run_script(own / SCRIPT, seconds, FRAGMENT)
        yield ReproTold(number, made.holds)


def _is_about_onnx(finding: Finding) -> bool:
    return finding.id.startswith(_ABOUT_ONNX)
