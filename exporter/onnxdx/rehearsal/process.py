"""The process in which exports are rehearsed: a fork of it for each, since what user code registers has no undo.

`python -m onnxdx.rehearsal.process` reads folders from standard input, one on a line, does what `task.json` in each
says, and writes the folder's name to standard output when that is done, or has been ended.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from onnxdx import pipeline
from onnxdx.rehearsal import behaviour, overlay
from onnxdx.rehearsal.decisions import Decisions
from onnxdx.rehearsal.task import MODULES, OUTCOME, PRINTED, SEEN, Task
from onnxdx.request import ExportRequest
from onnxdx.targets.target_error import TargetError
from onnxdx.worker import request_of
from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.ownership import is_user
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.worker_protocol import Answer, Job


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        folder = Path(line.rstrip("\n"))
        _forked(folder, Task.load(folder).seconds)
        print(folder, file=answers, flush=True)
        _import_what_was_needed(folder)


def _import_what_was_needed(folder: Path) -> None:
    """Let the next forks find what this one had to import of installed packages, which an export does all along."""
    if not (folder / MODULES).exists():
        return
    for name in json.loads((folder / MODULES).read_text(encoding="utf-8")):
        if name not in sys.modules:
            with contextlib.suppress(Exception):  # what does not import is not needed that way
                importlib.import_module(name)


def _forked(folder: Path, seconds: float) -> None:
    child = os.fork()
    if not child:
        try:
            _work(folder)
        finally:
            os._exit(0)
    deadline = time.monotonic() + seconds
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(0.01)


def _work(folder: Path) -> None:
    os.setpgid(0, 0)
    printed = (folder / PRINTED).open("w", buffering=1)
    for stream in (1, 2):
        os.dup2(printed.fileno(), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    known = set(sys.modules)
    try:
        perform(folder, Job.load(folder), Task.load(folder))
        write_text(
            folder / MODULES, json.dumps([name for name in sys.modules if name not in known and _is_library(name)])
        )
    except BaseException:
        traceback.print_exc(file=printed)
        raise


def _is_library(name: str) -> bool:
    path = getattr(sys.modules[name], "__file__", None) or ""
    return name.split(".")[0] in ("torch", "onnx", "onnxscript", "onnx_ir", "onnxruntime", "onnxdx") and bool(path)


def perform(folder: Path, job: Job, task: Task) -> None:
    """Do the task; its results are files of the folder."""
    os.chdir(task.cwd)
    sys.argv[:] = job.argv
    decisions = Decisions.recorded()
    watched = not task.seen
    overlay.install(task.texts, lambda path: watched and is_user(path, job.root), decisions.transform)
    _seed()
    try:
        request = request_of(job)
    except TargetError as error:
        Answer(Report(job.target, exported=False, findings=(error.finding,), root=job.root)).save(folder)
        _tell(folder, {"difference": "the program gives no model"})
        return
    if watched:
        _observe(folder, request, decisions)
        return
    before = behaviour.load(Path(task.seen))
    different = behaviour.difference(before, behaviour.Observed(request, before.sample))
    _seed()
    Answer(pipeline.run(request)[1]).save(folder)
    _tell(folder, {"difference": different})


def _observe(folder: Path, request: ExportRequest, decisions: Decisions) -> None:
    model = behaviour.Observed(request)
    seen = behaviour.observed(model, 20.0, lambda: not any(decisions.one_sided()))
    behaviour.save(seen, folder / SEEN)
    _tell(folder, {"one_sided": list(decisions.one_sided()), "raises": seen.without_results, "lonely": seen.lonely})


def _seed() -> None:
    """Models that are built from random numbers are built from the same ones."""
    torch.manual_seed(0)
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def _tell(folder: Path, outcome: Mapping[str, Any]) -> None:
    write_text(folder / OUTCOME, json.dumps(outcome))


if __name__ == "__main__":
    main()
