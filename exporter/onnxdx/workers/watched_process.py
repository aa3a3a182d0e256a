"""A process that the user's code runs in, watched from inside: where it is, whether its client lives, how it ends.

What must still work after the user's code has run is taken hold of before it does.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, TextIO

from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.ownership import is_user
from onnxdx_diagnostics.worker_protocol import STACK_SIGNAL, Job

_BEAT = 0.5
_PROMPTS = ("cmdloop", "_cmdloop", "interaction", "do_wait_suspend", "mainloop")
"""The functions in which the debuggers of Python, of editors and of IPython wait for their user."""
_clock, _sleep, _exit, _process = time.time, time.sleep, os._exit, os.getpid


def leave_stacks(stacks: TextIO) -> None:
    """Have the stacks of all threads written when the process ends by a fault, is asked for them, or exits at once."""
    faulthandler.enable(stacks, all_threads=True)
    if STACK_SIGNAL is not None and hasattr(faulthandler, "register"):
        faulthandler.register(STACK_SIGNAL, stacks, all_threads=True)
    process = _process()

    def leave(status: int) -> NoReturn:
        if _process() == process:
            faulthandler.dump_traceback(stacks, all_threads=False)
        _exit(status)

    os._exit = leave


class Alarm:
    """Where no signal can ask for the stacks, they are written when a step is over its time. A listener of the run."""

    def __init__(self, job: Job, stacks: TextIO) -> None:
        self._seconds = job.seconds if STACK_SIGNAL is None else 0.0
        self._stacks = stacks

    def __call__(self, event: Event) -> None:
        if self._seconds and event.kind in (EventKind.STEP_STARTED, EventKind.PASS_STARTED):
            faulthandler.dump_traceback_later(self._seconds, file=self._stacks)


class Watch:
    """A thread that ends the process when its client ends, and says where the user's code is.

    The last place is all that is known of a process that was killed. A debugger is told of: the time that the user
    takes at its prompt is not that of a pass.
    """

    def __init__(self, job: Job, log: EventLog) -> None:
        self._job = job
        self._log = log
        self._main = threading.main_thread().ident
        self._last = ("", 0)
        self._is_user = functools.cache(lambda path: is_user(path, job.root))

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="onnxdx-watch", daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the user's code may close what is not its own, or fill the disk
            while not self._alone():
                self._look()
            if self._job.own_group:
                os.killpg(0, signal.SIGKILL)
            _exit(1)

    def _alone(self) -> bool:
        """Whether the client is gone; takes one beat to say no."""
        if self._job.lifeline is None:
            _sleep(_BEAT)
            return False
        readable, _, _ = _select([self._job.lifeline], [], [], _BEAT)
        return bool(readable)

    def _look(self) -> None:
        calls = tuple(_calls(sys._current_frames().get(self._main or 0)))
        place = next((call for call in calls if self._is_user(call[0])), None)
        if place is None or place[:2] == self._last:
            return
        path, line, function = place
        self._last = (path, line)
        facts: dict[str, str | int | float] = {"path": path, "line": line, "function": function}
        debugged = any(name in _PROMPTS for _, _, name in calls[: calls.index(place)])
        self._log(Event(EventKind.PROMPT if debugged else EventKind.PLACE, f"{path}:{line}", _clock(), facts))


_select = select.select


def _calls(frame: FrameType | None) -> Iterator[tuple[str, int, str]]:
    """File, line and function of a frame and its callers."""
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno or 1, frame.f_code.co_name
        frame = frame.f_back
