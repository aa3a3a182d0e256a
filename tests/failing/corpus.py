"""The corpus: what a program asks for in its comments, and what onnxdx tells about it.

Programs stand in this folder (with a fault) and in `fine/` (without). A program is a file with a `build()`; what its
comments mean is said in test_corpus.py.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path

from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.report import Report, VerdictOutcome

HERE = Path(__file__).parent
SOURCE_ROOTS = [str(HERE.parents[1] / name) for name in ("diagnostics", "exporter", "tui")]
LONGEST_RUN = 120
_SLOW_STEP = re.compile(r"^[\w @.:]+ … \d+\.\d s$", re.MULTILINE)
"""What the command says of a step that takes long, which depends on the machine."""

_RULE = re.compile(r"(DX\d{3})(?: before torch (\d+\.\d+))?")

Mark = tuple[int, str]
"""A line and a rule id."""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


_TORCH = _version(metadata.version("torch"))


@dataclass(frozen=True)
class Program:
    """One file of the corpus, and what its comments say."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def is_fine(self) -> bool:
        return self.path.parent.name == "fine"

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def topic(self) -> str:
        """What the program is about: the first word of its name, or "fine"."""
        return "fine" if self.is_fine else self.name.partition("_")[0]

    @property
    def marked(self) -> set[Mark]:
        """What `# expect: DX101, DX301 before torch 2.14` comments ask for."""
        lines = enumerate(self.text.splitlines(), 1)
        marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in lines)
        rules = ((number, found) for number, mark in marks if mark for found in _RULE.finditer(mark[1]))
        return {(number, found[1]) for number, found in rules if not found[2] or _version(found[2]) > _TORCH}

    @property
    def command(self) -> str:
        """The command that `# runs:` asks for; empty when the program is exported in this process."""
        return self._comment("runs")

    @property
    def unverified(self) -> str:
        """Why a program that is fine has no proven verdict."""
        return self._comment("unverified")

    def prints(self, line: str) -> bool:
        """Whether `# prints:` announces this line of output, by a regular expression."""
        return any(re.search(pattern, line) for pattern in re.findall(r"^# prints: (.+)$", self.text, re.MULTILINE))

    def _comment(self, key: str) -> str:
        found = re.search(rf"^# {key}: (.+)$", self.text, re.MULTILINE)
        return found[1] if found else ""


@dataclass(frozen=True)
class Told:
    """What onnxdx tells about a program. `printed` is what else came to the terminal, when it ran as a command."""

    report: Report
    printed: str = ""

    @property
    def found(self) -> set[Mark]:
        """Line and rule of every finding; line 0 where a finding has none."""
        findings = self.report.findings
        return {(each.site.location.line if each.site.location else 0, each.id) for each in findings}

    @property
    def elsewhere(self) -> list[str]:
        """The findings that do not stand in the program's own file."""
        places = ((each, each.site.location) for each in self.report.findings)
        return [
            f"{each.id} {each.message()} at {place.path if place else 'no line'}"
            for each, place in places
            if place is None or Path(place.path).name != Path(self.report.target.split(":")[0]).name
        ]

    @property
    def proven(self) -> bool:
        return self.report.verdict.outcome is VerdictOutcome.PROVEN

    @property
    def has_errors(self) -> bool:
        return self.report.count(Level.ERROR) > 0


def programs() -> list[Program]:
    """All programs of the corpus, by name, the faulty ones first."""
    files = [*sorted(HERE.glob("*.py")), *sorted((HERE / "fine").glob("*.py"))]
    return [Program(path) for path in files if re.search(r"^def build\(", path.read_text(encoding="utf-8"), re.M)]


def tell(program: Program, folder: Path) -> Told:
    """Export `program` as a user would whose project is `folder`."""
    placed = shutil.copy(program.path, folder)
    if program.command:
        return _commanded(program, folder, Path(placed).name)
    return _exported(folder, Path(placed).name)


def _exported(folder: Path, file: str) -> Told:
    from onnxdx import pipeline
    from onnxdx.target import load
    from onnxdx.targets.target_error import TargetError

    target = f"{file}:build"
    with inside(folder):
        try:
            request = load(target, str(folder))
        except TargetError as error:
            return Told(Report(target, exported=False, findings=(error.finding,)))
        return Told(pipeline.run(request)[1])


def _commanded(program: Program, folder: Path, file: str) -> Told:
    """Run the command line in a process of its own; a finding counts only when the report comes out of it."""
    command = shlex.split(program.command.format(program=file))
    assert command[0] == "onnxdx", f"{program.name} runs something else than onnxdx"
    done = subprocess.run(
        [sys.executable, "-m", "onnxdx_tui.cli", *command[1:], "--format", "json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(SOURCE_ROOTS)},
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    try:
        plain = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"no report but code {done.returncode}\n{done.stdout}\n{done.stderr}") from None
    (folder / "report.json").write_text(json.dumps(plain))
    return Told(Report.load(folder / "report.json"), _SLOW_STEP.sub("", done.stderr))


class inside:
    """Work in a folder, whatever the program does to the current one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, os.getcwd()

    def __enter__(self) -> None:
        os.chdir(self.folder)

    def __exit__(self, *_: object) -> None:
        os.chdir(self.before)


def unannounced(program: Program, printed: str) -> Iterator[str]:
    """The lines of output that the program does not announce."""
    return (line for line in printed.splitlines() if line.strip() and not program.prints(line))
