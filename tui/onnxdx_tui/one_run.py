"""One export from start to end: a worker is started and followed, and what its end means is told."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind, all_of
from onnxdx_diagnostics.rundir import EVENTS
from onnxdx_tui.asked import Asked
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.ending import Ending, ending_of
from onnxdx_tui.progress import Progress
from onnxdx_tui.stop import Stop
from onnxdx_tui.worker_process import WorkerProcess, run_here


@dataclass(frozen=True)
class Run:
    """How an export ended; `tracebacks` are those of passes that broke, for `--traceback`."""

    ending: Ending
    tracebacks: str


@contextlib.contextmanager
def run(asked: Asked, events: Path | None = None, **wishes: Any) -> Iterator[Run]:
    """Export what is asked for, in a worker where it is isolated; the worker is gone when this is left.

    `events` is the log of the run, `wishes` are fields of the job. Raises OSError.
    """
    chronicle = Chronicle(asked.target, asked.root)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onnxdx-", ignore_cleanup_errors=True)))
        log = events if events is not None else EventLog(folder / EVENTS).path
        job = asked.job(log.absolute(), **wishes)
        stop = stack.enter_context(Stop()) if asked.isolate else None
        with Progress() as progress:
            listener = all_of(chronicle, progress)
            listener(Event(EventKind.STEP_STARTED, "import torch", time.time()))
            started = WorkerProcess(job, folder, listener, stop).running() if stop else run_here(job, folder, listener)
            ended = stack.enter_context(started)
        ending = ending_of(ended, chronicle, job, folder)
        with contextlib.nullcontext() if stop else Stop():
            yield Run(ending, "".join(chronicle.tracebacks) + ending.failure)
