"""The exports of `onnxdx fix`, in a worker that stays: one, fixes for what it finds, one when they are written."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind, all_of, unheard
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.fix import unfinished
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import EVENTS
from onnxdx_diagnostics.worker_protocol import Job
from onnxdx_tui.asked import Asked, registry_to_load
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.ending import Ending, ending_of
from onnxdx_tui.live_worker import LiveWorker, Refused
from onnxdx_tui.progress import Progress
from onnxdx_tui.worker_process import Ended


class FixRun:
    """Exports of one target. What the user's code prints is kept from standard output.

    `crashes` are the faults of ours in what was tried.
    """

    def __init__(self, asked: Asked, worker: LiveWorker, folder: Path) -> None:
        self._asked = asked
        self._worker = worker
        self._job = asked.job(EventLog(folder / EVENTS).path)
        self.tracebacks = ""
        self.crashes: list[Finding] = []

    def export(self) -> Ending:
        """The first export. Raises OSError."""
        with self._followed("import torch") as (chronicle, progress):
            ended = self._worker.export(self._job, all_of(chronicle, progress))
            return self._ending(ended, chronicle, self._job)

    def again(self) -> Ending:
        """Another export, with the files as they are now. Raises OSError."""
        registry = registry_to_load(self._asked.registry, self._asked.root)
        with self._followed("export again") as (chronicle, progress):
            ended = self._worker.rerun(Path(registry) if registry else None, all_of(chronicle, progress))
            return self._ending(ended, chronicle, replace(self._job, registry=registry))

    def tried(self, report: Report, chosen: Sequence[Finding]) -> Report:
        """The report with fixes for the chosen findings. A trial that ends the process costs that finding's fixes only,
        and so does a fault of ours, which is a finding of its own.

        Raises OSError.
        """
        findings = list(report.findings)
        ended = False
        for index, identity in enumerate(identities(report.findings)):
            if not any(findings[index] is each for each in chosen):
                continue
            if ended:
                self._worker.export(self._job, unheard)
            with self._followed("fixes") as (_, progress):
                findings[index], ended = self._fixes(findings[index], identity, progress)
        return replace(report, findings=(*findings, *self.crashes))

    def _fixes(self, finding: Finding, identity: str, progress: Progress) -> tuple[Finding, bool]:
        """A finding with what was tried, and whether that ended the process."""
        try:
            return replace(finding, offered=self._worker.fixes(identity, progress).offered), False
        except Refused as refused:
            if refused.crash is not None:
                self.crashes.append(refused.crash)
            return replace(finding, offered=(unfinished(str(refused)),)), refused.crash is None

    @contextlib.contextmanager
    def _followed(self, step: str) -> Iterator[tuple[Chronicle, Progress]]:
        """Somebody to tell what happens."""
        chronicle = Chronicle(self._asked.target, self._asked.root)
        with Progress() as progress:
            all_of(chronicle, progress)(Event(EventKind.STEP_STARTED, step, time.time()))
            yield chronicle, progress

    def _ending(self, ended: Ended, chronicle: Chronicle, job: Job) -> Ending:
        ending = ending_of(ended, chronicle, job, self._worker.answers)
        self.tracebacks = "".join(chronicle.tracebacks) + ending.failure
        return ending


@contextlib.contextmanager
def fix_run(asked: Asked) -> Iterator[FixRun]:
    """The exports of a target; the worker is gone when this is left."""
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="onnxdx-", ignore_cleanup_errors=True))
        yield FixRun(asked, stack.enter_context(LiveWorker(Path(name) / "worker")), Path(name))
