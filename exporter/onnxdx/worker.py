"""The worker: one export in a process of its own, because the user's code may end or wreck the process it runs in.

`python -m onnxdx.worker FOLDER` does the job in FOLDER (see `onnxdx_diagnostics.worker_protocol`). What must still work
after the user's code has run is taken hold of before it does.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from onnxdx import pipeline
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.target import load
from onnxdx.targets.target_error import TargetError, TargetMisnamed
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_functions import registry_file
from onnxdx.weights.fake_mode import FakeContext
from onnxdx.weights.program_weights import WeightsError
from onnxdx.workers.watched_process import Alarm, Watch, leave_stacks
from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event, EventKind, Listener, all_of
from onnxdx_diagnostics.finding import Finding, Level, Site
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx802_process_ended import ProcessEnded
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.selection import NothingSelected
from onnxdx_diagnostics.worker_protocol import EXIT, GRAPHS, REPROS, STACKS, Answer, Job

_BEAT = 0.5
_clock, _process = time.time, os.getpid


def main(folder: Path) -> NoReturn:
    """Do the job in `folder`, as the whole purpose of this process."""
    job, process = Job.load(folder), _process()
    tempfile.gettempdir()  # the first call tries to write, by an `os` that the user's code may have changed since
    log = EventLog(Path(job.events))
    sys.argv[:] = job.argv
    if job.own_group:
        os.setpgid(0, 0)
    with (folder / STACKS).open("w") as stacks:
        leave_stacks(stacks)
        Watch(job, log).start()
        answer = _worked(job, folder, all_of(log, Alarm(job, stacks)))
        if _process() == process:
            flush()
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


def serve(
    job: Job,
    folder: Path,
    listener: Listener,
    load: Callable[[Job], ExportRequest] | None = None,
    export: Callable[[ExportRequest, Listener], tuple[ONNXProgram | None, Report]] = pipeline.run,
) -> Answer:
    """Load the target, run the pipeline, save what was asked for. Raises KeyboardInterrupt, and OSError.

    `load` and `export` are other ways to do the first and the second; `load` raises TargetError.
    """
    doing = _Doing(listener)
    try:
        listener = doing
        listener(Event(EventKind.STEP_STARTED, "load target", _clock()))
        try:
            request = (load or request_of)(job)
        except TargetError as error:
            _say(error.finding, listener)
            cause = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""
            misnamed = isinstance(error, TargetMisnamed)
            return Answer(reason="the target gives no model", misnamed=misnamed, traceback=cause)
        program, report = export(request, listener)
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


def flush() -> None:
    """Let what the user's code printed come before the answer."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # whatever the user's code has put there
            stream.flush()


def request_of(job: Job) -> ExportRequest:
    """What a job asks for; the user's code is run for it. Raises TargetError."""
    if job.registry:
        registry_file.check(Path(job.registry))
    request = target_of(job)
    return with_functions(request, registry_file.load(Path(job.registry), job.root)) if job.registry else request


def target_of(job: Job) -> ExportRequest:
    """The request for the target of a job, without its registry file. Raises TargetError."""
    functions: Any = job.functions
    options = ExportOptions(
        opset_version=job.opset,
        functions=functions,
        training=job.training,
        recovery_budget=job.recovery_budget,
        thorough=job.thorough,
        optimize=job.optimize,
        bisect_passes=job.bisect_passes,
        verify=job.verify,
        fake_context=FakeContext() if job.weights else None,
    )
    return load(job.target, job.root, options, job.input, job.dynamic)


def with_functions(request: ExportRequest, registry: OnnxRegistry) -> ExportRequest:
    """The request with the functions of a registry file before those that the target brings."""
    known = request.options.onnx_registry
    registry = known.joined(registry) if known is not None else registry
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
        program.report = replace(program.report, exported=False)
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
    from onnxdx.workers import fix_trials  # which imports a lot that no export needs

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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
