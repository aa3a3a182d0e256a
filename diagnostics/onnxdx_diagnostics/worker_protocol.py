"""What a worker and its client say to each other: the files of the folder that they share, and what stands in them.

The client writes the job and starts `python -m onnxdx.worker FOLDER`. The worker appends events to the log that the job
names, writes the answer when it has one, and ends. A worker that ends without an answer was ended.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.codec import from_plain, to_plain
from onnxdx_diagnostics.report import Report

VERSION = 1
JOB = "job.json"
ANSWER = "answer.json"
GRAPHS = "graphs.json"
REPROS = "repros"
"""The folder of the repros, one folder for each finding that has one, named by its number in the report."""

STACKS = "stacks.txt"
REGISTRY = "onnxdx_registry.py"
"""The registry file at the root of a project that names no other."""

EXIT = "exit"
"""The step of a worker that has answered: what the user's code does at exit."""

NO_START = "no-start.txt"
"""The traceback of a worker that could not even import onnxdx."""

STACK_SIGNAL: int | None = getattr(signal, "SIGRTMIN", getattr(signal, "SIGUSR2", None))
"""What makes a worker write the stacks of its threads to `STACKS`; systems without signals have none."""


class OtherVersion(ValueError):
    """The other side speaks another version of the protocol."""


@dataclass(frozen=True)
class Job:
    """One export. Paths are absolute, because the user's code may change the working directory.

    `events` is the log to append to; `models` are the files to save a model without errors to. `graphs` asks for the
    graphs of the run, `graphs_of_findings` for those of a run with findings. `registry` is a registry file, or empty.
    `repro` says of which findings repros are wanted (see `selection`), found in `repro_seconds` for each at most.
    `fixes` says for which findings fixes are tried, for `fix_seconds` altogether; `registry_file` is the file to which
    they add ONNX functions. `weights` is the checkpoint of a model that is exported without its own weights, or empty;
    `without_weights` has the model saved without any. `argv` is what the user's code sees as `sys.argv`. `lifeline` is
    the read end of a pipe that the client holds open as long as it lives; `own_group` lets the worker lead a process
    group, so that what the user's code starts ends with it. `seconds` is the time limit of a step. 0 seconds mean no
    limit.
    """

    target: str
    root: str
    events: str
    models: tuple[str, ...] = ()
    graphs: bool = False
    graphs_of_findings: bool = False
    opset: int = 20
    functions: str = "none"
    dynamic: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    verify: bool = True
    optimize: bool = True
    bisect_passes: bool = False
    training: bool = False
    recovery_budget: float = 300.0
    thorough: bool = False
    registry: str = ""
    repro: str = ""
    repro_seconds: float = 120.0
    weights: str = ""
    without_weights: bool = False
    fixes: tuple[str, ...] = ()
    fix_seconds: float = 0.0
    registry_file: str = ""
    argv: tuple[str, ...] = ()
    lifeline: int | None = None
    own_group: bool = False
    seconds: float = 0.0

    def save(self, folder: Path) -> None:
        """Put the job where the worker looks for it. Raises OSError."""
        write_text(folder / JOB, json.dumps({"version": VERSION, **asdict(self)}))

    @staticmethod
    def load(folder: Path) -> Job:
        """Read what `save` wrote. Raises OSError and OtherVersion."""
        return Job.of(_read(folder / JOB))

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Job:
        """The job with these fields, of JSON. Raises TypeError when one is missing."""
        return Job(**{field.name: _tupled(plain[field.name]) for field in fields(Job) if field.name in plain})


@dataclass(frozen=True)
class ReproTold:
    """What came of making a finding, by its number in the report, small.

    `holds` says what the repro in `REPROS` holds ("the operator"); it is empty when nothing that was `tried` shows it.
    """

    number: int
    holds: str = ""
    tried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """How a run ended that came to its end.

    `report` is that of the passes; without one, the events say what was found and `reason` why there is no more.
    `misnamed` says that the command line is to blame, `interrupted` that a KeyboardInterrupt ended the run. `saved` are
    the models that were written, `unwritten` says why the next one could not be. `repros` are those asked for, and
    `unselected` says why none of the findings is meant. `traceback` is Python's own, of what
    went wrong.
    """

    report: Report | None = None
    reason: str = ""
    misnamed: bool = False
    interrupted: bool = False
    saved: tuple[str, ...] = ()
    unwritten: str = ""
    repros: tuple[ReproTold, ...] = ()
    unselected: str = ""
    traceback: str = ""

    def save(self, folder: Path) -> None:
        """Put the answer where the client looks for it, whole or not at all. Raises OSError."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["repros"] = [asdict(told) for told in self.repros]
        if self.report is not None:
            # Without a root every path stays as it is, and the report comes out as it went in.
            plain["report"] = {"root": self.report.root, "plain": to_plain(replace(self.report, root=""))}
        write_text(folder / ANSWER, _encode({"version": VERSION, **plain}))

    @staticmethod
    def load(folder: Path) -> Answer | None:
        """Read what `save` wrote; None when there is no answer. Raises OSError and OtherVersion."""
        try:
            plain = _read(folder / ANSWER)
        except FileNotFoundError:
            return None
        report = plain["report"]
        told = {field.name: _tupled(plain[field.name]) for field in fields(Answer)}
        told["repros"] = tuple(
            ReproTold(**{name: _tupled(value) for name, value in each.items()}) for each in plain["repros"]
        )
        if report is not None:
            told["report"] = replace(from_plain(report["plain"]), root=report["root"])
        return Answer(**told)


# The answer is written after the user's code ran, which may have replaced what `json` offers.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _read(path: Path) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if plain.get("version") != VERSION:
        raise OtherVersion(f"{path} is of version {plain.get('version')!r} of the protocol, not {VERSION}")
    return plain


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
