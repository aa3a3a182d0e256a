"""What the worker that stays does with requests: a target is exported, exported again, and fixes for it are tried.

It runs in a process of its own, with the user's code in it. What must still work after that has run is taken hold of
before it does.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import torch

from onnxdx import pipeline, worker
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry
from onnxdx.rehearsal import Rehearsal, Server
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.session import Session
from onnxdx.targets.target_error import TargetError
from onnxdx.user_functions import registry_file
from onnxdx.workers import fix_trials
from onnxdx.workers.watched_process import Alarm, Watch, leave_stacks
from onnxdx_diagnostics.event_log import EventLog, append_line
from onnxdx_diagnostics.events import Event, EventKind, Listener, all_of
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.live_protocol import Ask, Reply, Request, Said
from onnxdx_diagnostics.ownership import is_user
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.worker_protocol import REGISTRY, STACKS, Answer, Job

_clock, _process, _signal = time.time, os.getpid, signal.signal
_IGNORED, _RAISES = signal.SIG_IGN, signal.default_int_handler


def warm_up() -> None:
    """Load all that an export needs, by an export of nothing.

    One thread does it: a fork of a process that has computed with several cannot do so itself.
    """
    import onnxruntime  # noqa: F401

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    nothing = ExportRequest(torch.nn.Identity(), (torch.zeros(1),), options=ExportOptions(verify=False))
    pipeline.run(nothing)
    torch.set_num_threads(threads)


def serve(folder: Path, lines: Iterator[bytes], replies: str, lifeline: int | None = None) -> None:
    """Do what the requests ask for, until there are no more. `lifeline` breaks when nobody waits for us any more."""
    process, folder = _process(), folder.absolute()
    tempfile.gettempdir()  # the first call tries to write, by an `os` that the user's code may have changed since
    _signal(signal.SIGINT, _IGNORED)
    with (folder / STACKS).open("w") as stacks, Server() as server:
        leave_stacks(stacks)
        live = _Live(folder, stacks, server, lifeline)
        for line in lines:
            request = Request.read(line)
            if request.ask is Ask.BYE:
                return
            if request.ask is Ask.EXPORT and lifeline is None and live.is_free:
                append_line(replies, Reply(request.id, Said.STARTED, pid=process).line())
            reply = _interruptible(live, request)
            if _process() != process:
                return
            worker.flush()
            append_line(replies, reply.line())
            gc.collect()  # now that nobody waits


def _interruptible(live: _Live, request: Request) -> Reply:
    """The reply to a request, also when a SIGINT comes at any moment from here on."""
    try:
        _signal(signal.SIGINT, _RAISES)
        reply = live.reply(request)
        _signal(signal.SIGINT, _IGNORED)
    except KeyboardInterrupt:
        _signal(signal.SIGINT, _IGNORED)
        return Reply(request.id, Said.INTERRUPTED)
    return reply


class _Live:
    """One target with its session."""

    def __init__(self, folder: Path, stacks: TextIO, server: Server, lifeline: int | None) -> None:
        self._folder = folder
        self._stacks = stacks
        self._server = server
        self._lifeline = lifeline
        self._job: Job | None = None
        self._target: ExportRequest | None = None
        self._session: Session | None = None
        self._retry: Rehearsal | None = None
        self._files: Mapping[str, object] = {}
        self._registries: dict[tuple[str, bytes], OnnxRegistry | TargetError] = {}

    @property
    def is_free(self) -> bool:
        """Whether no target was loaded yet."""
        return self._job is None

    def reply(self, request: Request) -> Reply:
        """Do what is asked for. Raises KeyboardInterrupt, and OSError."""
        match request.ask:
            case Ask.EXPORT if not self.is_free:
                return Reply(request.id, Said.STALE, "another export needs a process of its own")
            case Ask.EXPORT:
                assert request.job is not None
                return self._exported(request.id, request.job)
            case Ask.RERUN if self._job is not None and self._target is not None:
                stale = self._stale(self._job, request.registry)
                return Reply(request.id, Said.STALE, stale) if stale else self._again(request.id, request.registry)
            case Ask.FIXES if self._session is not None and self._session.report is not None:
                return self._fixes(request.id, request.finding, self._session, self._session.report)
            case Ask.RETRY if self._retry is not None:
                retried = self._retry(request.edits)
                self._answer(request.id, Answer(retried.report))
                return Reply(request.id, Said.ANSWERED, same=retried.same, difference=retried.difference)
            case _:
                return Reply(request.id, Said.REFUSED, "nothing was exported yet")

    def _exported(self, number: int, job: Job) -> Reply:
        job = replace(job, lifeline=self._lifeline, own_group=self._lifeline is not None)
        log = EventLog(Path(job.events))
        Watch(job, log).start()
        sys.argv[:] = job.argv
        self._job, self._retry = job, Rehearsal(job, self._server)
        self._listener: Listener = all_of(log, Alarm(job, self._stacks))
        return self._served(number, job)

    def _again(self, number: int, registry: str) -> Reply:
        assert self._job is not None
        job = replace(self._job, registry=registry)
        try:
            if registry and os.path.isfile(registry):
                self._registry(job)
        except TargetError as error:
            if _is_registered_twice(error.__cause__):
                said = f"`{os.path.basename(registry)}` registers operators with torch, which can be done once"
                return Reply(number, Said.STALE, said)
        return self._served(number, job)

    def _served(self, number: int, job: Job) -> Reply:
        folder = self._folder / str(number)
        folder.mkdir()
        self._answer(number, worker.serve(job, folder, self._listener, self._load, self._run))
        self._files = {**_user_files(job.root), **self._files}
        return Reply(number, Said.ANSWERED)

    def _answer(self, number: int, answer: Answer) -> None:
        folder = self._folder / str(number)
        folder.mkdir(exist_ok=True)
        answer.save(folder)

    def _load(self, job: Job) -> ExportRequest:
        """The request of a job; the target is loaded once."""
        if job.registry:
            registry_file.check(Path(job.registry))
        if self._target is None:
            self._target = worker.target_of(job)
        request = self._target
        if job.registry:
            request = worker.with_functions(request, self._registry(job))
        return request

    def _registry(self, job: Job) -> OnnxRegistry:
        """The functions of the registry file as it is by now; it is run again only when its text is another one."""
        path = Path(job.registry).resolve()
        key = (str(path), path.read_bytes())
        if key not in self._registries:
            again = any(known == str(path) for known, _ in self._registries)
            try:
                self._registries[key] = (registry_file.reload if again else registry_file.load)(path, job.root)
            except TargetError as error:
                self._registries[key] = error
        known = self._registries[key]
        if isinstance(known, TargetError):
            raise known
        return known

    def _run(self, request: ExportRequest, listener: Listener) -> tuple[ONNXProgram | None, Report]:
        if self._session is None:
            assert self._job is not None
            file = Path(self._job.registry_file or self._job.registry or Path(self._job.root) / REGISTRY)
            self._session = Session(request, listener, registry_file=file, retry=self._retry)
            report = self._session.run()
        else:
            self._session.listener = listener
            self._session.rerun(options=request.options)
            assert self._session.report is not None
            report = self._session.report
        return self._session.program, report

    def _fixes(self, number: int, identity: str, session: Session, report: Report) -> Reply:
        known = dict(zip(identities(report.findings), report.findings, strict=True))
        if identity not in known:
            return Reply(number, Said.REFUSED, "the latest run has no such finding")
        self._listener(Event(EventKind.STEP_STARTED, f"fixes for {known[identity].id}", _clock()))
        try:
            return Reply(number, Said.ANSWERED, finding=session.fixes(known[identity]))
        except Exception as error:  # a provider's: it costs the fixes, not the session
            traceback.print_exc()
            crash = fix_trials.crash(known[identity], error, session.request)
            return Reply(number, Said.REFUSED, fix_trials.said(error), finding=crash)

    def _stale(self, job: Job, registry: str) -> str:
        """Why the user's code in this process is not what is on disk any more; empty when it is."""
        target = job.target.rpartition(":")[0]
        own = {str(Path(path).resolve()) for path in (registry, job.registry) if path and not _same_file(path, target)}
        for path, state in self._files.items():
            if path not in own and _state(path) != state:
                return f"`{os.path.basename(path)}` has changed since it was loaded"
        return ""


def _is_registered_twice(error: BaseException | None) -> bool:
    """Whether torch refused to take an operator or a kernel that it has already."""
    if not isinstance(error, RuntimeError):
        return False
    folder = os.path.dirname(torch.__file__)
    raised_in = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return any(
        path.startswith((os.path.join(folder, "library"), os.path.join(folder, "_library"))) for path in raised_in
    )


def _user_files(root: str) -> dict[str, object]:
    """The user's files that are loaded, each with what it was then."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return {path: _state(path) for path in files if isinstance(path, str) and is_user(path, root)}


def _state(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _same_file(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)
