"""The worker that stays: it imports everything that an export needs, and then makes a process for each target.

`python -m onnxdx.live_worker FOLDER` speaks `onnxdx_diagnostics.live_protocol`. The worker itself never runs the user's
code. Where processes can be forked, each export gets a fork, which starts in milliseconds with all modules loaded and
nothing of an earlier target in it; elsewhere the worker serves one target, and its client starts another worker.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onnxdx.workers import live_session
from onnxdx_diagnostics.event_log import append_line
from onnxdx_diagnostics.live_protocol import REPLIES, Ask, Reply, Request, Said
from onnxdx_diagnostics.worker_protocol import OtherVersion

FORKS = sys.platform.startswith("linux")
"""Whether processes are forked. Elsewhere a fork of a process with these libraries loaded may not use them."""

_TERMINATE_WAIT = 2.0
_LOOK = 0.02


def main(folder: Path) -> None:
    """Serve the client until it says bye or is gone."""
    live_session.warm_up()
    replies = str(folder.absolute() / REPLIES)
    append_line(replies, Reply(0, Said.READY).line())
    if not FORKS:
        live_session.serve(folder, _lines(0), replies)
        return
    gc.collect()
    gc.freeze()  # a fork then shares the pages of what is there
    serve_fork = _Forks(folder, replies).run()
    if serve_fork is not None:
        serve_fork()


@dataclass
class _Fork:
    """A process that holds a session. What is written to `requests` it reads; its `lifeline` breaks when we end."""

    pid: int
    requests: int
    lifeline: int
    open: list[int] = field(default_factory=list)


class _Forks:
    """Hands requests to the fork that holds the session, and tells how a fork ended."""

    def __init__(self, folder: Path, replies: str) -> None:
        self._folder = folder
        self._replies = replies
        self._fork: _Fork | None = None

    def run(self) -> Callable[[], None] | None:
        """Hand on requests until there are no more; in a fork, what it is to do."""
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        unread = b""
        while True:
            readable, _, _ = select.select([0, woken], [], [])
            if woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 4096)
                self._reap()
            if 0 not in readable:
                continue
            read = os.read(0, 65536)
            *lines, unread = (unread + read).split(b"\n")
            for line in lines:
                request = self._request(line)
                if request is None:
                    continue
                if request.ask is Ask.BYE:
                    read = b""
                    break
                if request.ask is Ask.EXPORT:
                    self._end()
                    serve = self._started(request)
                    if serve is not None:
                        return serve
                self._hand_on(request, line)
            if not read:
                self._end()
                return None

    def _request(self, line: bytes) -> Request | None:
        try:
            return Request.read(line)
        except (OtherVersion, ValueError) as error:
            append_line(self._replies, Reply(0, Said.REFUSED, str(error)).line())
            return None

    def _started(self, request: Request) -> Callable[[], None] | None:
        """Fork; the new process gets back what it is to do."""
        requests, hand_on = os.pipe()
        lifeline, held = os.pipe()
        pid = os.fork()
        if pid:
            os.close(requests)
            os.close(lifeline)
            with contextlib.suppress(PermissionError):  # the fork has done it already
                os.setpgid(pid, pid)
            self._fork = _Fork(pid, hand_on, held)
            append_line(self._replies, Reply(request.id, Said.STARTED, pid=pid).line())
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        os.close(hand_on)
        os.close(held)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return lambda: live_session.serve(self._folder, _lines(requests), self._replies, lifeline)

    def _hand_on(self, request: Request, line: bytes) -> None:
        if self._fork is None:
            append_line(self._replies, Reply(request.id, Said.REFUSED, "nothing was exported yet").line())
            return
        self._fork.open.append(request.id)
        with contextlib.suppress(BrokenPipeError):  # it has ended, which is told when it is reaped
            os.write(self._fork.requests, line + b"\n")

    def _reap(self) -> None:
        """Tell how the fork ended, if it did."""
        fork = self._fork
        if fork is None:
            return
        pid, status = os.waitpid(fork.pid, os.WNOHANG)
        if pid == 0:
            return
        self._fork = None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(fork.pid, signal.SIGKILL)  # what the user's code has started
        os.close(fork.requests)
        os.close(fork.lifeline)
        closed = _closed(self._replies)
        for request in [request for request in fork.open if request not in closed] or [0]:
            append_line(self._replies, Reply(request, Said.DIED, _said(status)).line())

    def _end(self) -> None:
        """End the fork and all that it started."""
        if self._fork is None:
            return
        os.close(self._fork.requests)  # it ends when it has nothing more to do
        os.close(self._fork.lifeline)
        pid, deadline = self._fork.pid, time.monotonic() + _TERMINATE_WAIT
        self._fork = None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGTERM)
        while os.waitpid(pid, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
            time.sleep(_LOOK)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _lines(descriptor: int) -> Iterator[bytes]:
    """The lines that come from a pipe."""
    read, unread = os.read, b""
    while more := read(descriptor, 65536):
        *lines, unread = (unread + more).split(b"\n")
        yield from lines


def _closed(replies: str) -> set[int]:
    """The requests that are over."""
    lines = Path(replies).read_bytes().splitlines()
    return {reply.id for reply in map(Reply.read, lines) if reply.said.closes}


def _said(status: int) -> str:
    """What ended a process: "SIGSEGV", "exit status 7"."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
