"""Capture: the user's module becomes a graph of torch operators, by torch.export.

A capture that works costs one call of torch.export. One that fails is told on the user's lines, and recovery finds
another graph, so that the later passes can speak.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch.export import ExportedProgram

from onnxdx.capture import distinct_inputs, lazy_layers
from onnxdx.capture.attempts import Attempts
from onnxdx.capture.recovery import Budget, recover
from onnxdx.compat.capturing import load_torch_export
from onnxdx.eager.mode import exported_mode
from onnxdx.faults import silent_faults
from onnxdx.request import ExportRequest
from onnxdx.shapes import size_guards
from onnxdx.values import CapturedProgram, CaptureMode
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx107_dynamic_shapes_mismatch import DynamicShapesMismatch
from onnxdx_diagnostics.sink import Sink


def run(request: ExportRequest, sink: Sink) -> CapturedProgram | None:
    """The graph of the request's model, or a stand-in for it when it cannot be captured; None when there is neither."""
    with exported_mode(request.model, request.options.training), torch.no_grad(), quiet():
        attempts = Attempts(distinct_inputs.separated(request))
        if attempts.asked.misfits:
            sink.emit(DynamicShapesMismatch(attempts.sources.fallback(), attempts.asked.misfits, attempts.asked.right))
        for without_weights in lazy_layers.initialised(attempts):
            sink.emit(without_weights)
        captured = attempts.capture(strict=False)
        if isinstance(captured, ExportedProgram):
            program: CapturedProgram | None = _accepted(attempts, captured, CaptureMode.NON_STRICT, sink)
        else:
            program = _recovered(attempts, captured, sink)
        if program is None:
            return None
        for finding in silent_faults.findings(program, attempts.changed, attempts.recorder.codes):
            sink.emit(finding)
        return None if silent_faults.is_torn(program) else program


def _accepted(attempts: Attempts, exported: ExportedProgram, mode: CaptureMode, sink: Sink) -> CapturedProgram:
    """A program that torch captured as it was asked, unless the user asked for more than torch holds itself to."""
    program = attempts.program(exported, mode if not attempts.asked.misfits else CaptureMode.SPECIALIZED)
    for finding in attempts.broken_promises(exported, size_guards.of_program(exported), by_branches_only=True):
        sink.emit(_with_values(finding, program))
    for finding in attempts.crossed_limits(program):
        sink.emit(_with_values(finding, program))
    return program


def _with_values(finding: Finding, program: CapturedProgram) -> Finding:
    """A finding about sizes that torch told only the line of, with the tensors that the graph has on that line."""
    site = finding.site
    if site.values or site.location is None:
        return finding
    values = program.sources.values_on(program.exported.graph, site.location)
    return replace(finding, site=replace(site, values=values))


def _recovered(attempts: Attempts, error: BaseException, sink: Sink) -> CapturedProgram | None:
    """A program from another way to capture, and everything that is to be said of the first."""
    budget = Budget(attempts.request.options.recovery_budget)
    recovered = recover(attempts, error, budget)
    sink.record(budget.facts)
    for finding in recovered.findings:
        sink.emit(finding)
    if recovered.exported is None:
        return None
    if not recovered.mode.stand_in:
        return _accepted(attempts, recovered.exported, recovered.mode, sink)
    return attempts.program(recovered.exported, recovered.mode)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings and log lines that torch makes while it captures, unless TORCH_LOGS asks for them."""
    load_torch_export()
    if os.environ.get("TORCH_LOGS"):
        yield
        return
    loggers = [logger for name, logger in logging.root.manager.loggerDict.items() if _is_torch(name)]
    silenced = [logger for logger in loggers if isinstance(logger, logging.Logger) and not logger.disabled]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in silenced:
            logger.disabled = True
        try:
            yield
        finally:
            for logger in silenced:
                logger.disabled = False


def _is_torch(name: str) -> bool:
    return name == "torch" or name.startswith("torch.")
