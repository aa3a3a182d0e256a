"""Exports rehearsed with files edited, in processes of their own, for `onnxdx.fixes.Retry`; no file is changed.

What the model computed before the edits is seen once, on its sample inputs and on others, and compared each time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import onnxdx
import onnxdx_diagnostics
from onnxdx.fixes import Retried
from onnxdx.rehearsal.task import OUTCOME, SEEN, Task
from onnxdx_diagnostics import text_file
from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.fix import Edit
from onnxdx_diagnostics.worker_protocol import Answer, Job

LONGEST = 180.0
"""Seconds after which a rehearsal is given up."""


class Rehearsal:
    """Exports a job again, with edits in its files. `server` may serve others too; it starts when it is needed."""

    def __init__(self, job: Job, server: Server, longest: float = LONGEST) -> None:
        self._job = replace(job, models=(), graphs=False, graphs_of_findings=False, lifeline=None)
        self._server = server
        self._cwd = os.getcwd()
        self._longest = longest

    def __call__(self, edits: tuple[Edit, ...]) -> Retried:
        """Export with `edits`. Raises EditMisfits, and OSError when a file cannot be read."""
        texts = _edited(edits)
        if not self._before.seen:
            return Retried(None, same=False, difference=f"the program as it is {self._before.reason}")
        folder = self._performed(Task(texts, str(self._before.seen), self._cwd, self._longest))
        answer, outcome = Answer.load(folder), _outcome(folder)
        if answer is None or outcome is None:
            return Retried(None, same=False, difference="the edited program ends the process, or takes too long")
        different = outcome["difference"]
        unseen = tuple(self._before.unseen(edits))
        return Retried(answer.report, same=not different, difference=different, unseen=unseen)

    @cached_property
    def _before(self) -> _Before:
        folder = self._performed(Task({}, "", self._cwd, self._longest))
        outcome = _outcome(folder)
        if outcome is None:
            return _Before(None, reason="ends the process, or takes too long")
        if "one_sided" not in outcome:
            return _Before(None, reason="gives no model")
        one_sided = [_OneSided(at[0], at[1], at[3], truth) for at, truth in outcome["one_sided"]]
        return _Before(folder / SEEN, one_sided, raises=outcome["raises"], lonely=outcome["lonely"])

    def _performed(self, task: Task) -> Path:
        """The folder with what came of a task."""
        folder = self._server.new_folder()
        replace(self._job, events=str(folder / "events.ndjson")).save(folder)
        task.save(folder)
        self._server.perform(folder)
        return folder


class Server:
    """The process that rehearses, once it is needed. Close it, or use it in a `with`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="onnxdx-rehearsal-")
        self._process: subprocess.Popen[str] | None = None
        self._count = 0

    def new_folder(self) -> Path:
        """A folder for one task."""
        self._count += 1
        folder = Path(self._folder.name) / str(self._count)
        folder.mkdir()
        return folder

    def perform(self, folder: Path) -> None:
        """Have the task in a folder done, and wait for it."""
        process = self._process
        if process is None or process.poll() is not None:
            command = [sys.executable, "-m", "onnxdx.rehearsal.process"]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
            )
            self._process = process
        if process.stdin is not None and process.stdout is not None:
            print(folder, file=process.stdin, flush=True)
            process.stdout.readline()

    def close(self) -> None:
        """End the process and drop its files."""
        if self._process is not None:
            with self._process as process:  # closes its input, which ends it
                if process.stdin is not None:
                    process.stdin.close()
            self._process = None
        self._folder.cleanup()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _environment() -> dict[str, str]:
    """That of this process, in which the packages that it runs are found, wherever they lie."""
    roots = [str(Path(file).parents[1]) for file in (onnxdx.__file__, onnxdx_diagnostics.__file__)]
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*dict.fromkeys(roots), *([known] if known else [])])}


@dataclass(frozen=True)
class _OneSided:
    """A test that always had one truth. Lines and columns are as `ast` counts them."""

    path: str
    line: int
    end_line: int
    truth: bool


@dataclass(frozen=True)
class _Before:
    """What the program does as it is: the file of what was seen, None where nothing was, and for which reason."""

    seen: Path | None
    one_sided: Sequence[_OneSided] = ()
    reason: str = ""
    raises: str = ""
    lonely: bool = False

    def unseen(self, edits: tuple[Edit, ...]) -> Iterator[str]:
        """The tests in the edited lines of which only one side was seen; and that there are no results at all."""
        if self.raises:
            yield f"there are no eager results to compare with, as the program as it is raises {self.raises}"
        elif self.lonely:
            yield "eager results were compared on the sample inputs only, as the model takes no others"
        for test in self.one_sided:
            if any(edit.path == test.path and _touches(edit, test) for edit in edits):
                yield f"line {test.line}: no input was found for which the test is {'false' if test.truth else 'true'}"


def _touches(edit: Edit, test: _OneSided) -> bool:
    return edit.start_line <= test.line and test.end_line <= edit.end_line


def _edited(edits: tuple[Edit, ...]) -> dict[str, str]:
    texts = {}
    for path in {edit.path for edit in edits}:
        found = text_file.read(Path(path))
        if found is not None:
            texts[path] = found.text
    return edited(edits, texts)


def _outcome(folder: Path) -> dict[str, Any] | None:
    path = folder / OUTCOME
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
