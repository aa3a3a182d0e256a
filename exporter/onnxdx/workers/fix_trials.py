"""Fixes for the findings of a run, tried one finding after the other while the time for it lasts.

What a fix does to the process that tries it is not known before. So at every step the report as it is by then is handed
over, with what is still to be tried marked as not tried.
"""

from __future__ import annotations

import shlex
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from onnxdx.errors import first_line
from onnxdx.fixes import Evidence, fixes_for
from onnxdx.program import ONNXProgram
from onnxdx.rehearsal import Rehearsal, Server
from onnxdx.request import ExportRequest
from onnxdx_diagnostics.events import Event, EventKind, Listener
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.fix import UNTRIED, Fix, unfinished
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.selection import NothingSelected, name_of, selected
from onnxdx_diagnostics.worker_protocol import REGISTRY, Job

_clock = time.time
_ENDED = "that ended the process, or took too long"


def with_fixes(
    job: Job,
    request: ExportRequest,
    run: tuple[ONNXProgram | None, Report],
    listener: Listener,
    keep: Callable[[Report], None],
) -> Report:
    """The report of `run`, with what was tried for the findings that the job asks for.

    `keep` is given the report before each finding. What a provider of ours raises is a finding of its own. Raises
    KeyboardInterrupt only.
    """
    program, report = run
    registry_file = Path(job.registry_file or Path(job.root) / REGISTRY)
    deadline = _clock() + job.fix_seconds if job.fix_seconds else float("inf")
    findings = list(report.findings)
    chosen = _chosen(job, report)
    over = f"the time for it, {job.fix_seconds:g} s, was over"
    crashes: list[Finding] = []
    with Server() as server:
        evidence = Evidence(request, report, program, registry_file, Rehearsal(job, server))
        for index in chosen:
            pending = [each for each in chosen if each >= index]
            late = _clock() >= deadline
            known = _marked(findings, pending, job, over if late else f"fixes of another were tried, and {_ENDED}")
            if not late:
                known[index] = replace(findings[index], offered=(unfinished(_ENDED),))
            keep(replace(report, findings=(*known, *crashes)))
            if late:
                findings = known
                break
            listener(Event(EventKind.STEP_STARTED, f"fixes for {name_of(findings[index])}", _clock()))
            try:
                findings[index] = replace(findings[index], offered=fixes_for(findings[index], evidence))
            except Exception as error:  # the internal-error rule: what fails here must not cost the report
                crashes.append(crash(findings[index], error, request))
                findings[index] = replace(findings[index], offered=(unfinished(said(error)),))
    return replace(report, findings=(*findings, *crashes))


def _chosen(job: Job, report: Report) -> list[int]:
    """Positions of the findings that the job asks for, the severest first."""
    meant: list[Finding] = []
    for text in job.fixes:
        try:
            meant += selected(report, text)
        except NothingSelected:
            continue  # who asked is told when the report is there
    positions = [index for index, finding in enumerate(report.findings) if any(finding is each for each in meant)]
    return sorted(positions, key=lambda index: -report.findings[index].level.rank)


def _marked(findings: Sequence[Finding], pending: Sequence[int], job: Job, why: str) -> list[Finding]:
    return [
        replace(finding, offered=(_untried(finding, job, why),)) if index in pending else finding
        for index, finding in enumerate(findings)
    ]


def _untried(finding: Finding, job: Job, why: str) -> Fix:
    command = f"onnxdx fix {shlex.quote(job.target)} --finding {name_of(finding)}"
    return Fix(f"Have fixes tried by `{command}`: {why}", provider=UNTRIED)


def crash(finding: Finding, error: Exception, request: ExportRequest) -> Finding:
    """That a provider of ours has failed, as the finding that it is."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename}:{frame.lineno} in {frame.name}"
    return InternalError(Site(request.call_site), f"fixes for {name_of(finding)}", said(error), where)


def said(error: Exception) -> str:
    """What a provider raised, in one line."""
    return f"{type(error).__name__}: {first_line(error)}"
