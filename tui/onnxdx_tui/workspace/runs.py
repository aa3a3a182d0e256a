"""The runs of a target: each in a worker, followed by a thread, and kept in a numbered folder of the project."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.journal import FOLDER
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import GRAPHS, REPORT, RunDirectory
from onnxdx_diagnostics.worker_protocol import Answer, Job
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.ending import Ending, ending_of
from onnxdx_tui.worker_process import End, Ended, WorkerProcess
from onnxdx_tui.workspace.opened import PRINTED

RUNS = FOLDER / "runs"
_SHARED = ".worker"
_LEFT_TO_FINISH = 3.0


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


@dataclass
class Wish:
    """A wish to stop a run; the signal, once somebody has it."""

    asked: int | None = None


@dataclass(frozen=True)
class Following:
    """What is known of a run while it is under way; `report` grows with what is found."""

    step: str = "start"
    done: int = 0
    place: str = ""
    found: int = 0
    arrived: bool = False
    """Whether the passes are over and `report` is that of the run: fixes are being tried."""

    report: Report | None = None


@dataclass
class LiveRun:
    """One run. `following` is what is known by now, `ending` how it ended; both are set by its thread."""

    number: int
    folder: Path
    wish: Wish = field(default_factory=Wish)
    started: float = field(default_factory=time.monotonic)
    following: Following = Following()
    ending: Ending | None = None
    failure: str = ""
    _thread: threading.Thread | None = None

    @property
    def over(self) -> bool:
        """Whether the thread has ended."""
        return self._thread is not None and not self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the worker to end; by force, when it does not."""
        self.wish.asked = signal.SIGTERM

    def wait(self, seconds: float) -> None:
        """Wait for the end of the run."""
        if self._thread is not None:
            self._thread.join(seconds)


def start(wanted: Wanted) -> LiveRun:
    """Begin a run of what is wanted. Raises OSError when there is no place to keep it."""
    number, folder = _next_folder(wanted.root)
    run = LiveRun(number, folder)
    run._thread = threading.Thread(target=_kept, args=(run, wanted), name=f"run-{number}", daemon=True)
    run._thread.start()
    return run


def earlier(root: Path) -> list[Path]:
    """The folders of the runs that were kept, the latest first."""
    try:
        return sorted((path for path in (root / RUNS).iterdir() if path.name.isdecimal()), reverse=True)
    except OSError:
        return []


def _next_folder(root: Path) -> tuple[int, Path]:
    known = [int(path.name) for path in earlier(root)]
    number = max(known, default=0) + 1
    folder = root / RUNS / f"{number:04}"
    folder.mkdir(parents=True)
    ignored = root / FOLDER / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    return number, folder


def _kept(run: LiveRun, wanted: Wanted) -> None:
    """The thread of a run: whatever happens in it is told, none of it ends the app."""
    try:
        run.ending = _followed(run, wanted)
    except OSError as error:
        run.failure = f"the run cannot be kept: {error.strerror or error}"
    except Exception as error:  # a fault of ours must reach the user, who sees no traceback of a thread
        run.failure = f"internal error: {type(error).__name__}: {error}"
    finally:
        shutil.rmtree(run.folder / _SHARED, ignore_errors=True)


def _followed(run: LiveRun, wanted: Wanted) -> Ending:
    shared = run.folder / _SHARED
    shared.mkdir()
    chronicle = Chronicle(wanted.target, wanted.root)
    directory = RunDirectory(run.folder)
    job = wanted.job(directory.listener.path.absolute())
    follower = _Follower(run, chronicle, shared)
    worker = WorkerProcess(job, shared, follower, run.wish, run.folder / PRINTED)
    follower(Event(EventKind.STEP_STARTED, "import torch", time.time()))
    with worker.running() as ended:
        _take_graphs(shared, run.folder)
        ending = _ending(ended, chronicle, job, run)
        ending.report.save(run.folder / REPORT)
        if ended.end is End.ANSWERED:
            run.following = replace(run.following, step="exit", arrived=True, report=ending.report)
    finish(run.folder)
    return ending


def _ending(ended: Ended, chronicle: Chronicle, job: Job, run: LiveRun) -> Ending:
    """What the end of a worker means; a run whose passes were over is a whole one, whatever became of its fixes."""
    now = run.following
    if ended.end is End.STOPPED and now.arrived and now.report is not None:
        return Ending(now.report)
    return ending_of(ended, chronicle, job, run.folder / _SHARED)


def _take_graphs(shared: Path, folder: Path) -> bool:
    """The graphs of a worker belong to the run; whether there are any."""
    with contextlib.suppress(FileNotFoundError):
        os.replace(shared / GRAPHS, folder / GRAPHS)
    return (folder / GRAPHS).exists()


class _Follower:
    """The listener of a run: keeps what is known of it."""

    def __init__(self, run: LiveRun, chronicle: Chronicle, shared: Path) -> None:
        self._run = run
        self._chronicle = chronicle
        self._shared = shared

    def __call__(self, event: Event) -> None:
        self._chronicle(event)
        now = self._run.following
        match event.kind:
            case EventKind.PASS_STARTED | EventKind.STEP_STARTED:
                now = replace(now, step=event.subject, place="")
                if event.subject.startswith("fixes for"):
                    now = self._arrived(now)
            case EventKind.PASS_ENDED:
                now = replace(now, done=now.done + 1)
            case EventKind.PLACE:
                now = replace(now, place=f"{Path(str(event.facts['path'])).name}:{event.facts['line']}")
            case EventKind.PROMPT:
                now = replace(now, place="waits at a debugger's prompt, which nobody can answer here")
            case EventKind.FINDING if not now.arrived:
                report = self._chronicle.report("the run is under way")
                now = replace(now, found=now.found + 1, report=report)
            case _:
                return
        self._run.following = now

    def _arrived(self, now: Following) -> Following:
        """The passes are over: the report is there, and grows by the fixes that were tried."""
        _take_graphs(self._shared, self._run.folder)
        answer = Answer.load(self._shared)
        if answer is None or answer.report is None:
            return now
        answer.report.save(self._run.folder / REPORT)
        return replace(now, arrived=True, report=answer.report)


def finish(folder: Path) -> None:
    """Have a process of its own write the SARIF log of a run, which takes time that the app does not have."""
    program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import write_log; write_log({str(folder)!r})"
    quiet = subprocess.DEVNULL
    subprocess.Popen([sys.executable, "-c", program], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


def write_log(folder: str) -> None:
    """Write `report.sarif` of the run in a folder."""
    from onnxdx_diagnostics.graphs import Graphs
    from onnxdx_diagnostics.rundir import SARIF
    from onnxdx_diagnostics.sarif.log import write_sarif

    path = Path(folder)
    graphs = Graphs.load(path / GRAPHS) if (path / GRAPHS).exists() else None
    write_sarif(Report.load(path / REPORT), path / SARIF, graphs)
