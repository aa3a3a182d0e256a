"""The worker that stays, as its client sees it: it exports a target, exports it again, and tries fixes.

    with LiveWorker(folder) as worker:
        ended = worker.export(job, listener)
        ended = worker.rerun(registry_file, listener)
        finding = worker.fixes(identity, listener)

A rerun keeps what a change does not touch. Where it cannot - the source has changed, the process has died - the target
is exported anew in a new process, with the same result. Requests are made by one thread; `cancel` may be called by any.
What is said on the way is `onnxdx_diagnostics.live_protocol`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from onnxdx_diagnostics.event_log import EventTail, LineTail
from onnxdx_diagnostics.events import Event, EventKind, Listener, unheard
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Edit
from onnxdx_diagnostics.live_protocol import OUTPUT, REPLIES, Ask, Reply, Request, Said
from onnxdx_diagnostics.worker_protocol import NO_START, STACK_SIGNAL, STACKS, Answer, Job
from onnxdx_tui.worker_process import End, Ended, interpreter_flags, start_of

_LOOK = 0.02
_LONGEST_LOOK = 1.0
_STACK_WAIT = 1.0
_INTERRUPT_WAIT = 1.0
_TERMINATE_WAIT = 2.0
_NICE = 10


class Refused(Exception):
    """The worker has nothing to do this with; the text says why. `crash` is the fault of ours, where it is one."""

    def __init__(self, reason: str, crash: Finding | None = None) -> None:
        super().__init__(reason)
        self.crash = crash


class LiveWorker:
    """A worker in `folder`, which is made, and which holds what the worker writes. It starts with the first request.

    What the user's code prints is in `output`. The folder of the latest answer, with the graphs of its run, is
    `answers`.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.output = folder / OUTPUT
        self.answers = folder
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = threading.Event()
        self._number = 0
        self._pid = 0
        self._job: Job | None = None
        self._replies = LineTail(folder / REPLIES)

    def start(self) -> None:
        """Start the worker, so that it is ready when it is needed. Raises OSError."""
        if self._process is not None and self._process.poll() is None:
            return
        self._pid = 0
        (self._folder / NO_START).unlink(missing_ok=True)
        self._replies = LineTail(self._folder / REPLIES)
        path = os.pathsep.join(each for each in sys.path if isinstance(each, str))
        command = [sys.executable, *interpreter_flags(), "-c", start_of("onnxdx.live_worker"), str(self._folder), path]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
            )
        if hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):  # who is at the keyboard is served first
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    def export(self, job: Job, listener: Listener = unheard) -> Ended:
        """Export a target in a process of its own, without anything of an earlier one. Raises OSError."""
        self._job = job
        ended, reply = self._asked(lambda number: Request(number, Ask.EXPORT, job=job), listener)
        if reply is not None and reply.said in (Said.STALE, Said.REFUSED):
            self.close()
            ended, _ = self._asked(lambda number: Request(number, Ask.EXPORT, job=job), listener)
        return ended

    def rerun(self, registry: Path | None = None, listener: Listener = unheard) -> Ended:
        """Export the latest target again, with this registry file or with none.

        Raises Refused when nothing was exported yet, and OSError.
        """
        if self._job is None:
            raise Refused("nothing was exported yet")
        file = str(registry.absolute()) if registry is not None else ""
        self._job = replace(self._job, registry=file)
        if not self._pid:
            return self.export(self._job, listener)
        ended, reply = self._asked(lambda number: Request(number, Ask.RERUN, registry=file), listener)
        if reply is not None and reply.said in (Said.STALE, Said.REFUSED):
            return self.export(self._job, listener)
        return ended

    def fixes(self, identity: str, listener: Listener = unheard) -> Finding:
        """A finding of the latest run, by its identity, with the fixes that were tried for it.

        Raises Refused when there are none to be had - no such finding, no process any more, cancelled - and OSError.
        """
        _, reply = self._asked(lambda number: Request(number, Ask.FIXES, finding=identity), listener)
        if reply is None or reply.said is not Said.ANSWERED or reply.finding is None:
            raise Refused(_reason(reply), reply.finding if reply is not None else None)
        return reply.finding

    def retry(self, edits: tuple[Edit, ...], listener: Listener = unheard) -> tuple[Ended, str]:
        """What would come of the latest target with these edits in its files, and how its results would then differ.

        Raises Refused and OSError as `fixes`.
        """
        ended, reply = self._asked(lambda number: Request(number, Ask.RETRY, edits=edits), listener)
        if reply is None or reply.said is not Said.ANSWERED:
            raise Refused(_reason(reply))
        return ended, "" if reply.same else reply.difference or "it was not compared"

    def cancel(self) -> None:
        """End the request that is under way. A session that heeds a SIGINT stays as it was before; else it is gone."""
        self._cancelled.set()

    def close(self) -> None:
        """End the worker and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        pid, self._pid = self._pid, 0
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TERMINATE_WAIT)
        for group in filter(None, (pid, process.pid)):
            _signal_group(group, _KILL)
        process.wait()

    def __enter__(self) -> LiveWorker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, make: Callable[[int], Request], listener: Listener) -> tuple[Ended, Reply | None]:
        """How a request ended, and the reply that closed it, if one did."""
        self.start()
        self._cancelled.clear()
        self._number += 1
        following = _Following(self, self._number, listener)
        process = self._process
        assert process is not None
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended, which is seen below
            process.stdin.write(make(self._number).line() + b"\n")
            process.stdin.flush()
        return following.ended(process)


class _Following:
    """One request, followed to its end."""

    def __init__(self, worker: LiveWorker, number: int, listener: Listener) -> None:
        self._worker = worker
        self._number = number
        self._listener = listener
        job = worker._job
        self._seconds = job.seconds if job is not None else 0.0
        self._events = EventTail(Path(job.events)) if job is not None else None
        self._began = self._prompted = False
        self._spent = 0.0

    def ended(self, process: subprocess.Popen[bytes]) -> tuple[Ended, Reply | None]:
        before = time.monotonic()
        while True:
            is_over = process.poll() is not None
            reply = self._looked()
            if reply is not None:
                return self._closed(reply), reply
            if is_over:
                self._worker._pid = 0
                no_start = self._read(NO_START)
                if no_start:
                    return Ended(End.NOT_STARTED, text=no_start), None
                return Ended(End.DIED, by=f"exit status {process.returncode}", text=self._read(STACKS)), None
            now = time.monotonic()
            self._spent, before = self._spent + min(now - before, _LONGEST_LOOK), now
            if self._worker._cancelled.is_set():
                return self._cancelled(process)
            if self._began and not self._prompted and 0 < self._seconds < self._spent:
                stacks = self._asked_stacks()
                self._terminate(process)
                return Ended(End.OVERDUE, text=stacks), None
            time.sleep(_LOOK)

    def _looked(self) -> Reply | None:
        """Take what is new; the reply that closes the request."""
        closing = None
        for line in self._worker._replies:
            reply = Reply.read(line)
            if reply.said is Said.STARTED:
                self._worker._pid = reply.pid
            if reply.said is Said.DIED:
                self._worker._pid = 0
            if reply.id == self._number and reply.said.closes:
                closing = reply
        for event in self._events or ():
            self._take(event)
        return closing

    def _take(self, event: Event) -> None:
        self._began = True
        if event.kind in (EventKind.STEP_STARTED, EventKind.PASS_STARTED):
            self._spent, self._prompted = 0.0, False
        self._prompted = self._prompted or event.kind is EventKind.PROMPT
        self._listener(event)

    def _closed(self, reply: Reply) -> Ended:
        match reply.said:
            case Said.ANSWERED:
                folder = self._worker._folder / str(self._number)
                answer = Answer.load(folder)
                if answer is not None:
                    self._worker.answers = folder
                return Ended(End.STOPPED if answer is not None and answer.interrupted else End.ANSWERED, answer)
            case Said.INTERRUPTED:
                return Ended(End.STOPPED)
            case _:
                return Ended(End.DIED, by=reply.reason, text=self._read(STACKS))

    def _cancelled(self, process: subprocess.Popen[bytes]) -> tuple[Ended, Reply | None]:
        """End the request as Ctrl-C would, so that the session stays; by force when it does not heed that."""
        if self._worker._pid and os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._worker._pid, signal.SIGINT)
            reply = self._awaited(_INTERRUPT_WAIT)
            if reply is not None:
                return replace(self._closed(reply), end=End.STOPPED), reply
        self._terminate(process)
        return Ended(End.STOPPED), None

    def _awaited(self, seconds: float) -> Reply | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            reply = self._looked()
            if reply is not None:
                return reply
            time.sleep(_LOOK)
        return None

    def _terminate(self, process: subprocess.Popen[bytes]) -> None:
        """End the process with the session, and all that it started. The worker is ready for another."""
        pid = self._worker._pid
        if not pid:
            self._worker.close()
            return
        _signal_group(pid, signal.SIGTERM)
        if self._awaited(_TERMINATE_WAIT) is None:
            _signal_group(pid, _KILL)
            self._awaited(_TERMINATE_WAIT)
        self._worker._pid = 0

    def _asked_stacks(self) -> str:
        """The stacks of all threads; empty when the process cannot even write them."""
        if STACK_SIGNAL is not None and self._worker._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._worker._pid, STACK_SIGNAL)
        deadline, text = time.monotonic() + _STACK_WAIT, ""
        while time.monotonic() < deadline:
            time.sleep(_LOOK)
            before, text = text, self._read(STACKS)
            if text and text == before:
                break
        return text

    def _read(self, name: str) -> str:
        try:
            return (self._worker._folder / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def _reason(reply: Reply | None) -> str:
    if reply is None:
        return "it was cancelled, or took too long"
    return reply.reason or f"the worker has {reply.said.value}"
