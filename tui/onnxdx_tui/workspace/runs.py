"""The runs of a target: by the worker that stays, followed by a thread, kept in numbered folders of the project."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import EVENTS, GRAPHS, REPORT, SARIF
from onnxdx_diagnostics.selection import name_of
from onnxdx_diagnostics.worker_protocol import Job
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.ending import Ending, ending_of
from onnxdx_tui.exit_code import ExitCode
from onnxdx_tui.live_worker import LiveWorker, Refused
from onnxdx_tui.workspace.kept_runs import forget_old, next_folder
from onnxdx_tui.workspace.opened import PRINTED


class Wanted(Protocol):
    """What is run: the job that a worker does, its events going to a file."""

    @property
    def target(self) -> str:
        """The target, as the command line has it."""
        ...

    @property
    def root(self) -> Path:
        """The project."""
        ...

    def job(self, events: Path) -> Job:
        """The job of the next run."""
        ...


@dataclass(frozen=True)
class Following:
    """What is known of a run while it is under way; `report` grows with what is found.

    `arrived` says that the passes are over and `report` is that of the run: fixes are being tried.
    """

    step: str = "start"
    done: int = 0
    place: str = ""
    found: int = 0
    arrived: bool = False
    report: Report | None = None


@dataclass
class LiveRun:
    """One run. `following` is what is known by now, `ending` how it ended; both are set by its thread."""

    number: int
    folder: Path
    started: float = field(default_factory=time.monotonic)
    following: Following = field(default_factory=Following)
    ending: Ending | None = None
    failure: str = ""
    cancelled: bool = False
    over: bool = False


class Runs:
    """The runs of one target, one at a time. What a change does not touch is not done again, unless it is wished."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        # made beside the system's temporary files: it holds nothing to keep
        self._shared = tempfile.TemporaryDirectory(prefix="onnxdx-", ignore_cleanup_errors=True)
        self._worker = LiveWorker(Path(self._shared.name))
        self._exported = False
        self._thread: threading.Thread | None = None
        self._run: LiveRun | None = None

    def start(self, *, anew: bool, shown: Path | None = None) -> LiveRun:
        """Begin a run; `anew` does all of it again. Old runs go, but not the one that is `shown`.

        Raises OSError when there is no place to keep it.
        """
        number, folder = next_folder(self._wanted.root)
        run = self._run = LiveRun(number, folder)
        kept = (folder,) if shown is None else (folder, shown)
        self._thread = threading.Thread(target=self._kept, args=(run, anew, kept), name=f"run-{number}", daemon=True)
        self._thread.start()
        return run

    def cancel(self) -> None:
        """Ask the run to end; by force, when it does not."""
        if self._run is not None:
            self._run.cancelled = True
            self._worker.cancel()

    def close(self, seconds: float) -> None:
        """End everything: when this returns there is no worker."""
        self.cancel()
        if self._thread is not None:
            self._thread.join(seconds)
        self._worker.close()
        self._shared.cleanup()

    def _kept(self, run: LiveRun, anew: bool, kept: tuple[Path, ...]) -> None:
        """The thread of a run: whatever happens in it is told, none of it ends the app."""
        try:
            forget_old(self._wanted.root, kept)
            run.ending = self._followed(run, anew)
        except OSError as error:
            run.failure = f"the run cannot be kept: {error.strerror or error}"
        except Exception as error:  # a fault of ours must reach the user, who sees no traceback of a thread
            run.failure = f"internal error: {type(error).__name__}: {error}"
        finally:
            run.over = True

    def _followed(self, run: LiveRun, anew: bool) -> Ending:
        chronicle = Chronicle(self._wanted.target, self._wanted.root)
        follower = _Follower(run, chronicle)
        job = self._wanted.job(Path(self._shared.name) / EVENTS)
        printed = self._printed()
        follower(Event(EventKind.STEP_STARTED, "rerun" if self._exported else "import torch", time.time()))
        if anew or not self._exported:
            ended = self._worker.export(job, follower)
            self._exported = True
        else:
            ended = self._worker.rerun(Path(job.registry) if job.registry else None, follower)
        self._keep_printed(run.folder, printed)
        with contextlib.suppress(FileNotFoundError):
            shutil.move(self._worker.answers / GRAPHS, run.folder / GRAPHS)
        ending = ending_of(ended, chronicle, job, self._worker.answers)
        ending.report.save(run.folder / REPORT)
        if ending.code is ExitCode.CLEAN and ended.answer is not None and ended.answer.report is not None:
            ending = replace(ending, report=self._with_fixes(run, ending.report))
            ending.report.save(run.folder / REPORT)
        write_log_apart(run.folder)
        return ending

    def _with_fixes(self, run: LiveRun, report: Report) -> Report:
        """The report with what was tried for its findings, the gravest first; it grows while fixes come."""
        run.following = replace(run.following, arrived=True, report=report)
        keys = identities(report.findings)
        for at in sorted(range(len(keys)), key=lambda at: -report.findings[at].level.rank):
            if run.cancelled:
                break
            run.following = replace(run.following, step=f"fixes for {name_of(report.findings[at])}", report=report)
            try:
                found = self._worker.fixes(keys[at])
            except Refused:
                break
            report = replace(report, findings=_with(report.findings, at, found))
        run.following = replace(run.following, report=report)
        return report

    def _printed(self) -> int:
        try:
            return self._worker.output.stat().st_size
        except OSError:
            return 0

    def _keep_printed(self, folder: Path, start: int) -> None:
        """What the user's code has printed in a run goes to the folder of the run."""
        with contextlib.suppress(FileNotFoundError), self._worker.output.open("rb") as printed:
            printed.seek(start)
            with (folder / PRINTED).open("wb") as kept:
                shutil.copyfileobj(printed, kept)


def _with(findings: tuple[Finding, ...], at: int, found: Finding) -> tuple[Finding, ...]:
    return (*findings[:at], replace(findings[at], offered=found.offered), *findings[at + 1 :])


class _Follower:
    """The listener of a run: keeps what is known of it, and its events in its folder."""

    def __init__(self, run: LiveRun, chronicle: Chronicle) -> None:
        self._run = run
        self._chronicle = chronicle
        self._log = EventLog(run.folder / EVENTS)

    def __call__(self, event: Event) -> None:
        self._log(event)
        self._chronicle(event)
        now = self._run.following
        match event.kind:
            case EventKind.PASS_STARTED | EventKind.STEP_STARTED:
                now = replace(now, step=event.subject, place="")
            case EventKind.PASS_ENDED:
                now = replace(now, done=now.done + 1)
            case EventKind.PLACE:
                now = replace(now, place=f"{Path(str(event.facts['path'])).name}:{event.facts['line']}")
            case EventKind.PROMPT:
                now = replace(now, place="waits at a debugger's prompt, which nobody can answer here")
            case EventKind.FINDING:
                now = replace(now, found=now.found + 1, report=self._chronicle.report("the run is under way"))
            case _:
                return
        self._run.following = now


def write_log_apart(folder: Path) -> None:
    """Have a process of its own write the SARIF log of a run, which takes time that the app does not have."""
    program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import write_log; write_log({str(folder)!r})"
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    threading.Thread(target=process.wait, daemon=True).start()


def write_log(folder: str) -> None:
    """Write `report.sarif` of the run in a folder."""
    from onnxdx_diagnostics.graphs import Graphs
    from onnxdx_diagnostics.sarif.log import write_sarif

    path = Path(folder)
    graphs = Graphs.load(path / GRAPHS) if (path / GRAPHS).exists() else None
    write_sarif(Report.load(path / REPORT), path / SARIF, graphs)
