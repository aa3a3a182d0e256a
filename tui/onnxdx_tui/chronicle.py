"""What is known of a run that did not get to its end: a listener that can tell the story so far as a report."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Verdict, VerdictOutcome
from onnxdx_diagnostics.sink import Collector

_PACKAGES = ("onnxdx", "torch", "onnx", "onnxscript", "onnx-ir", "onnxruntime")


class Chronicle:
    """Keeps the passes of a run as they end, what they say, and the tracebacks of those that break."""

    def __init__(self, target: str, root: Path) -> None:
        self._target = target
        self._root = root
        self._started = time.time()
        self._records: list[PassRecord] = []
        self._open: Event | None = None
        self._step = "start"
        self._place: Event | None = None
        self._said = Collector()
        self.tracebacks: list[str] = []

    def __call__(self, event: Event) -> None:
        """Follow the events of a run."""
        if event.kind in (EventKind.PASS_STARTED, EventKind.STEP_STARTED):
            self._open = event if event.kind is EventKind.PASS_STARTED else None
            self._step, self._place = event.subject, None
        elif event.kind in (EventKind.PLACE, EventKind.PROMPT):
            self._place = event
        elif event.finding is not None:
            self._said.emit(event.finding)
        elif event.kind is EventKind.PASS_ENDED and self._open is not None:
            if "traceback" in event.facts:
                self.tracebacks.append(str(event.facts["traceback"]))
            outcome = Outcome(event.facts.get("outcome", Outcome.PASSED.value))
            self._records.append(PassRecord(event.subject, outcome, event.time - self._open.time))
            self._open = None

    @property
    def doing(self) -> str:
        """The pass or step that is under way; before the first one it is the start."""
        return self._step

    @property
    def site(self) -> Site:
        """The line of the user's code that was last seen in what is under way; else where the target is defined."""
        from onnxdx_diagnostics import source  # which is slow to import

        if self._place is not None:
            facts = self._place.facts
            return Site(source.region(str(facts["path"]), int(facts["line"])))
        file, _, name = self._target.rpartition(":")
        line = source.definition(file, name.rpartition(".")[2]) if file.endswith(".py") else None
        return Site(source.region(str(Path(file).resolve()), line)) if line else Site()

    def report(self, reason: str, *findings: Finding, under_way: Outcome = Outcome.NOT_RUN) -> Report:
        """The report of a run that ended here for `reason`: what was said so far, and these findings.

        `under_way` is the outcome of the pass that the end came in.
        """
        records = list(self._records)
        if self._open is not None:
            records.append(PassRecord(self._open.subject, under_way, time.time() - self._open.time))
        return Report(
            target=self._target,
            exported=False,
            findings=(*self._said.findings, *findings),
            passes=tuple(records),
            verdict=Verdict(VerdictOutcome.NOT_RUN, reason),
            root=str(self._root),
            environment=environment(),
            started=datetime.fromtimestamp(self._started, timezone.utc).isoformat(timespec="seconds"),
            seconds=time.time() - self._started,
        )


def environment() -> dict[str, str]:
    """The versions of what takes part in an export, without importing any of it."""
    from importlib import metadata  # which is slow to import

    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
