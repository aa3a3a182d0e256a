"""The worker: one export in a process of its own, because the user's code may end or wreck the process it runs in.

`python -m onnxdx.worker FOLDER` does the job in FOLDER (see `onnxdx_diagnostics.worker_protocol`). What must still work
after the user's code has run is taken hold of before it does.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from onnxdx import pipeline, registry_file
from onnxdx.fake_mode import FakeContext
from onnxdx.program import ONNXProgram
from onnxdx.provenance import SourceMap
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.target import load
from onnxdx.target_error import TargetError, TargetMisnamed
from onnxdx.weights import WeightsError
from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind, Listener, all_of
from onnxdx_diagnostics.finding import Finding, Level, Site
from onnxdx_diagnostics.ownership import is_user
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx802_process_ended import ProcessEnded
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.selection import NothingSelected
from onnxdx_diagnostics.worker_protocol import EXIT, GRAPHS, REPROS, STACK_SIGNAL, STACKS, Answer, Job

_BEAT = 0.5
_PROMPTS = ("cmdloop", "_cmdloop", "interaction", "do_wait_suspend", "mainloop")
"""The functions in which the debuggers of Python, of editors and of IPython wait for their user."""
_clock, _sleep, _exit, _process = time.time, time.sleep, os._exit, os.getpid


def main(folder: Path) -> NoReturn:
    """Do the job in `folder`, as the whole purpose of this process."""
    job, process = Job.load(folder), _process()
    tempfile.gettempdir()  # the first call tries to write, by an `os` that the user's code may have changed since
    log = EventLog(Path(job.events))
    sys.argv[:] = job.argv
    if job.own_group:
        os.setpgid(0, 0)
    with (folder / STACKS).open("w") as stacks:
        _leave_stacks(stacks)
        _Watch(job, log).start()
        answer = _worked(job, folder, all_of(log, _Alarm(job, stacks)))
        if _process() == process:
            _flush()
            answer.save(folder)
            log(Event(EventKind.STEP_STARTED, EXIT, _clock()))
        faulthandler.disable()
    sys.exit(130 if answer.interrupted else 0)


def _worked(job: Job, folder: Path, listener: Listener) -> Answer:
    """The answer to a job, also when the terminal says Ctrl-C at any moment from here on."""
    try:
        if hasattr(signal, "pthread_sigmask"):
            # The client held Ctrl-C back while Python and torch start, where it would be lost.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        answer = serve(job, folder, listener)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return Answer(interrupted=True, traceback=traceback.format_exc())
    return answer


def serve(job: Job, folder: Path, listener: Listener) -> Answer:
    """Load the target, run the pipeline, save what was asked for. Raises KeyboardInterrupt, and OSError."""
    doing = _Doing(listener)
    try:
        listener = doing
        listener(Event(EventKind.STEP_STARTED, "load target", _clock()))
        try:
            request = request_of(job)
        except TargetError as error:
            _say(error.finding, listener)
            cause = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""
            misnamed = isinstance(error, TargetMisnamed)
            return Answer(reason="the target gives no model", misnamed=misnamed, traceback=cause)
        program, report = pipeline.run(request, listener)
        listener(Event(EventKind.STEP_STARTED, "save", _clock()))
        if program is not None and (job.graphs or (job.graphs_of_findings and report.findings)):
            program.graphs().save(folder / GRAPHS)
        answer = _saved(job, report, program, listener)
        if job.fixes and answer.report is not None and answer.report.findings:
            answer = replace(answer, report=_tried(job, request, program, answer, listener, folder))
        if not job.repro:
            return answer
        listener(Event(EventKind.STEP_STARTED, "repro", _clock()))
        return _with_repros(answer, job, request, program, folder)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        _say(_ending(error, job, doing.what), listener)
        return Answer(reason=f"the run ended during `{doing.what}`", traceback=traceback.format_exc())


def _flush() -> None:
    """Let what the user's code printed come before the answer."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # whatever the user's code has put there
            stream.flush()


def request_of(job: Job) -> ExportRequest:
    """What a job asks for; the user's code is run for it. Raises TargetError."""
    functions: Any = job.functions
    options = ExportOptions(
        opset_version=job.opset,
        functions=functions,
        training=job.training,
        recovery_budget=job.recovery_budget,
        thorough=job.thorough,
        optimize=job.optimize,
        verify=job.verify,
        fake_context=FakeContext() if job.weights else None,
    )
    if not job.registry:
        return load(job.target, job.root, options, job.input, job.dynamic)
    path = Path(job.registry)
    registry_file.check(path)
    request = load(job.target, job.root, options, job.input, job.dynamic)
    functions_of_file = registry_file.load(path, job.root)
    known = request.options.onnx_registry
    registry = known.joined(functions_of_file) if known is not None else functions_of_file
    return replace(request, options=replace(request.options, onnx_registry=registry))


def _saved(job: Job, report: Report, program: ONNXProgram | None, listener: Listener) -> Answer:
    """The answer to a job whose passes have run, with its models saved."""
    saved: list[str] = []
    if program is None or not report.exported or report.count(Level.ERROR):
        return Answer(report)
    try:
        if job.weights and not job.models:
            program.check_weights(job.weights, program.draft.captured.request.call_site)
        for path in job.models:
            program.save_for(
                path, job.weights or None, include_weights=not job.without_weights, progress=_Reported(listener)
            )
            saved.append(path)
    except WeightsError as error:
        program.say(error.findings)
    except OSError as error:
        return Answer(program.report, saved=tuple(saved), unwritten=error.strerror or str(error))
    for finding in program.report.findings[len(report.findings) :]:
        _say(finding, listener)
    return Answer(program.report, saved=tuple(saved))


class _Reported:
    """Tells the listener of a run how far a save is, a few times a second."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._last = _clock()

    def __call__(self, done: int, total: int) -> None:
        now = _clock()
        if now - self._last >= _BEAT:
            self._last = now
            self._listener(Event(EventKind.PROGRESS, "save", now, {"done": done, "total": total}))


def _with_repros(answer: Answer, job: Job, request: ExportRequest, program: Any, folder: Path) -> Answer:
    """The answer, with the repros that were asked for, which lie in the folder."""
    from onnxdx.repro.delivery import deliver

    assert answer.report is not None
    told = deliver(job.repro, answer.report, request, program, folder / REPROS, job.repro_seconds)
    try:
        return replace(answer, repros=tuple(told))
    except NothingSelected as error:
        return replace(answer, unselected=str(error))


def _tried(
    job: Job, request: ExportRequest, program: ONNXProgram | None, answer: Answer, listener: Listener, folder: Path
) -> Report:
    """The report of an answer with fixes; what is known so far is always in the folder."""
    from onnxdx import fix_trials  # which imports a lot that no export needs

    assert answer.report is not None
    return fix_trials.with_fixes(
        job, request, (program, answer.report), listener, lambda report: replace(answer, report=report).save(folder)
    )


def _ending(error: BaseException, job: Job, doing: str) -> Finding:
    """What got out of the passes, as the finding that it is: the user's code exits, or onnxdx fails."""
    if isinstance(error, Exception):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error}".split("\n", 1)[0]
        return InternalError(Site(), doing, reason, f"{frame.filename}:{frame.lineno} in {frame.name}")
    site = SourceMap(job.root, None).site_of_error(error)
    code = error.code if isinstance(error, SystemExit) else None
    by = f"`sys.exit({'' if code is None else repr(code)})`" if isinstance(error, SystemExit) else type(error).__name__
    return ProcessEnded(site, doing, by)


def _say(finding: Finding, listener: Listener) -> None:
    listener(Event(EventKind.FINDING, finding.id, _clock(), {"message": finding.message()}, finding))


class _Doing:
    """Knows the step that is under way."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.what = "start"

    def __call__(self, event: Event) -> None:
        if event.kind in (EventKind.STEP_STARTED, EventKind.PASS_STARTED):
            self.what = event.subject
        self._listener(event)


def _leave_stacks(stacks: TextIO) -> None:
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


class _Alarm:
    """Where no signal can ask for the stacks, they are written when a step is over its time. A listener of the run."""

    def __init__(self, job: Job, stacks: TextIO) -> None:
        self._seconds = job.seconds if STACK_SIGNAL is None else 0.0
        self._stacks = stacks

    def __call__(self, event: Event) -> None:
        if self._seconds and event.kind in (EventKind.STEP_STARTED, EventKind.PASS_STARTED):
            faulthandler.dump_traceback_later(self._seconds, file=self._stacks)


class _Watch:
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
