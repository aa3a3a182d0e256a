"""The worker as its client sees it: started, followed, held to the time limit, and ended."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onnxdx_diagnostics.event_log import EventLog, EventTail
from onnxdx_diagnostics.events import Event, EventKind, Listener, all_of
from onnxdx_diagnostics.worker_protocol import EXIT, NO_START, STACK_SIGNAL, STACKS, Answer, Job
from onnxdx_tui.stop import Stop

_LOOK = 0.05
_LONGEST_LOOK = 1.0
_STACK_WAIT = 1.0
_INTERRUPT_WAIT = 1.0
_TERMINATE_WAIT = 2.0
_EXIT_WAIT = 5.0


def start_of(module: str) -> str:
    """The program of a worker, which calls `main(FOLDER)` of a module; its arguments are the folder and `sys.path`."""
    # The path of the modules is that of this process, whatever lies in the working directory.
    return f"""
import sys
sys.path[:] = sys.argv[2].split({os.pathsep!r})
try:
    from {module} import main
except BaseException:
    import os, traceback
    with open(os.path.join(sys.argv[1], {NO_START!r}), "w", encoding="utf-8", errors="backslashreplace") as file:
        traceback.print_exc(file=file)
    os._exit(70)
from pathlib import Path
main(Path(sys.argv[1]))
"""


class End(enum.Enum):
    """How a worker ended: with an answer, because the user stopped it, over its time, by itself, or before it began."""

    ANSWERED = "answered"
    STOPPED = "stopped"
    OVERDUE = "overdue"
    DIED = "died"
    NOT_STARTED = "not-started"


@dataclass(frozen=True)
class Ended:
    """The end of a worker. `by` is the signal or the exit status that ended one that died.

    `text` is what `faulthandler` wrote of the stacks, or the traceback of a worker that did not start.
    """

    end: End
    answer: Answer | None = None
    by: str = ""
    text: str = ""


@contextlib.contextmanager
def run_here(job: Job, folder: Path, listener: Listener) -> Iterator[Ended]:
    """Do a job in this process: whatever ends the user's code ends us as well. Events go to the job's log too."""
    try:
        from onnxdx import worker

        answer = worker.serve(job, folder, all_of(EventLog(Path(job.events)), listener))
    except KeyboardInterrupt:
        ended = Ended(End.STOPPED, text=traceback.format_exc())
    except ImportError:
        ended = Ended(End.NOT_STARTED, text=traceback.format_exc())
    else:
        ended = Ended(End.ANSWERED, answer)
    yield ended


class WorkerProcess:
    """One job in a process of its own. `folder` is where the job, the answer and the stacks are."""

    def __init__(self, job: Job, folder: Path, listener: Listener, stop: Stop) -> None:
        self._stop = stop
        self._folder = folder
        self._listener = listener
        self._tail = EventTail(Path(job.events))
        # A process that is to read from the terminal must stay in the group that the terminal belongs to.
        own_group = os.name == "posix" and not _is_terminal(0)
        self._job = replace(job, own_group=own_group)
        self._began = self._answered = self._prompted = False
        self._spent = 0.0
        self._exited = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[Ended]:
        """Start the worker and follow it to its answer or its end. Afterwards it is gone. Raises OSError."""
        with _terminal_kept(), contextlib.ExitStack() as stack:
            pipe: tuple[int, ...] = ()
            if os.name == "posix":
                lifeline, held = os.pipe()
                stack.callback(os.close, held)
                stack.callback(os.close, lifeline)
                self._job, pipe = replace(self._job, lifeline=lifeline), (lifeline,)
            self._job.save(self._folder)
            path = os.pathsep.join(each for each in sys.path if isinstance(each, str))
            command = [sys.executable, *interpreter_flags(), "-c", start_of("onnxdx.worker"), str(self._folder), path]
            output = None if sys.stdout is not None else subprocess.DEVNULL
            with _interrupts_held_back():
                self._process = subprocess.Popen(command, stdout=output, pass_fds=pipe)
            threading.Thread(target=self._await, daemon=True).start()
            stack.callback(self._let_exit)
            yield self._followed()

    def _await(self) -> None:
        self._process.wait()
        self._exited.set()

    def _followed(self) -> Ended:
        before = time.monotonic()
        while not self._answered and not self._exited.wait(_LOOK):
            self._take_events()
            # A process that was suspended, or a machine, did not spend the time that went by.
            now = time.monotonic()
            self._spent, before = self._spent + min(now - before, _LONGEST_LOOK), now
            if self._answered:
                break
            if self._stop.asked is not None:
                self._interrupt(self._stop.asked)
                return Ended(End.STOPPED)
            if self._began and not self._prompted and 0 < self._job.seconds < self._spent:
                stacks = self._asked_stacks()
                self._terminate()
                known = Answer.load(self._folder)
                return Ended(End.ANSWERED, known) if known is not None else Ended(End.OVERDUE, text=stacks)
        self._take_events()
        answer = Answer.load(self._folder)
        if answer is not None:
            return Ended(End.STOPPED if answer.interrupted else End.ANSWERED, answer)
        if self._stop.asked is not None:
            return Ended(End.STOPPED)
        self._end_group()
        no_start = self._read(NO_START)
        if no_start:
            return Ended(End.NOT_STARTED, text=no_start)
        return Ended(End.DIED, by=_said(self._process.returncode), text=self._read(STACKS))

    def _let_exit(self) -> None:
        """Wait while the user's code does what it does at exit, but not for ever."""
        if not self._exited.wait(_EXIT_WAIT):
            self._terminate()

    def _take_events(self) -> None:
        for event in self._tail:
            self._take(event)

    def _take(self, event: Event) -> None:
        self._began = True
        if event.kind is EventKind.STEP_STARTED and event.subject == EXIT:
            self._answered = True
            return
        if event.kind in (EventKind.STEP_STARTED, EventKind.PASS_STARTED):
            self._spent, self._prompted = 0.0, False
        if event.kind is EventKind.PROGRESS:
            self._spent = 0.0
        self._prompted = self._prompted or event.kind is EventKind.PROMPT
        self._listener(event)

    def _read(self, name: str) -> str:
        try:
            return (self._folder / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def _asked_stacks(self) -> str:
        """The stacks of all threads of the worker; empty when it cannot even write them."""
        if STACK_SIGNAL is not None:
            self._process.send_signal(STACK_SIGNAL)
        deadline, text = time.monotonic() + _STACK_WAIT, ""
        while time.monotonic() < deadline:
            time.sleep(_LOOK)
            before, text = text, self._read(STACKS)
            if text and text == before:
                break
        return text

    def _interrupt(self, number: int) -> None:
        """End the worker as Ctrl-C would, so that the user's code can tidy up; by force when it does not end."""
        heard = number == signal.SIGINT and not self._job.own_group
        if self._began and os.name == "posix":
            if not heard:
                self._process.send_signal(signal.SIGINT)
            self._exited.wait(_INTERRUPT_WAIT)
        self._terminate()

    def _terminate(self) -> None:
        if not self._exited.is_set():
            self._signal_group(signal.SIGTERM)
            if not self._exited.wait(_TERMINATE_WAIT):
                self._process.kill()
                self._exited.wait()
        self._end_group()

    def _end_group(self) -> None:
        """End what the worker started and left behind."""
        if self._job.own_group:
            self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._job.own_group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
                return
        self._process.send_signal(number)


def _said(status: int) -> str:
    """What ended a process: "SIGSEGV", "exit status 7"."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def interpreter_flags() -> list[str]:
    """The options that this interpreter was started with, as `multiprocessing` hands them on."""
    return list(subprocess._args_from_interpreter_flags())  # type: ignore[attr-defined]


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """What is started in here does not hear Ctrl-C until it says that it can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _terminal_kept() -> Iterator[None]:
    """Leave the terminal as it was: what is ended at a prompt cannot put it right itself."""
    if os.name != "posix" or not _is_terminal(0):
        yield
        return
    import termios

    before = termios.tcgetattr(0)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal has gone away
            if termios.tcgetattr(0) != before:
                termios.tcsetattr(0, termios.TCSADRAIN, before)
